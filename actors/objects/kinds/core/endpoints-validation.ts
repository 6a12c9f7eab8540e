// What is wrong with Endpoints.

import type {
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSubset,
} from 'kubernetes-types/core/v1.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, oneOf, optionalName, requiredName } from '../../field-rules.ts';
import { IP_PROBLEM, isIpAddress, specialIpProblems } from '../../ip-addresses.ts';
import {
  labelProblems,
  portProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from '../../name-rules.ts';

type Errors = readonly FieldError[];

export const validateEndpoints = ({ subsets }: Readonly<Endpoints>): Errors =>
  (subsets ?? []).flatMap((subset, i) => validateSubset(`subsets[${i}]`, subset));

function validateSubset(path: string, subset: EndpointSubset): Errors {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const isEmpty = addresses.length === 0 && notReadyAddresses.length === 0;
  return [
    ...(isEmpty ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...addresses.flatMap((one, i) => validateAddress(`${path}.addresses[${i}]`, one)),
    ...notReadyAddresses.flatMap((one, i) =>
      validateAddress(`${path}.notReadyAddresses[${i}]`, one),
    ),
    ...ports.flatMap((one, i) => validatePort(`${path}.ports[${i}]`, one, ports.length > 1)),
  ];
}

const validateAddress = (path: string, { ip, hostname, nodeName }: EndpointAddress): Errors => [
  ...(isIpAddress(ip)
    ? invalidBecause(`${path}.ip`, ip, specialIpProblems(ip))
    : [invalid(`${path}.ip`, ip, IP_PROBLEM)]),
  ...optionalName(`${path}.hostname`, hostname, labelProblems),
  ...optionalName(`${path}.nodeName`, nodeName, subdomainProblems),
];

/** Ports are told apart by name, so only a single one may do without. */
const validatePort = (path: string, port: EndpointPort, needsName: boolean): Errors => [
  ...(needsName ? requiredName : optionalName)(`${path}.name`, port.name, labelProblems),
  ...invalidBecause(`${path}.port`, port.port, portProblems(port.port)),
  ...oneOf(`${path}.protocol`, port.protocol, ['SCTP', 'TCP', 'UDP']),
  ...optionalName(`${path}.appProtocol`, port.appProtocol, qualifiedNameProblems),
];
