// What is wrong with a NetworkPolicy.

import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from 'kubernetes-types/networking/v1.d.ts';
import { CIDR_PROBLEM, cidrContains, parseCidr } from '../../cidr.ts';
import { forbidden, invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, portNumberOrName, validateLabelSelector } from '../../field-rules.ts';

type Errors = readonly FieldError[];

const POLICY_TYPES = ['Egress', 'Ingress'];

export function validateNetworkPolicy({ spec }: Readonly<NetworkPolicy>): Errors {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = spec ?? {};
  const errors = [
    ...validateLabelSelector('spec.podSelector', podSelector),
    ...ingress.flatMap(({ ports, from }, i) =>
      validateRule(`spec.ingress[${i}]`, ports, from, 'from'),
    ),
    ...egress.flatMap(({ ports, to }, i) => validateRule(`spec.egress[${i}]`, ports, to, 'to')),
  ];
  if (policyTypes.length > POLICY_TYPES.length) {
    const detail = 'may not specify more than two policyTypes';
    return [...errors, invalid('spec.policyTypes', policyTypes, detail)];
  }
  return [
    ...errors,
    ...policyTypes.flatMap((type, i) => oneOf(`spec.policyTypes[${i}]`, type, POLICY_TYPES)),
  ];
}

const validateRule = (
  path: string,
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  direction: 'from' | 'to',
): Errors => [
  ...ports.flatMap((port, i) => validatePort(port, `${path}.ports[${i}]`)),
  ...peers.flatMap((peer, i) => validatePeer(peer, `${path}.${direction}[${i}]`)),
];

function validatePort(
  { protocol, port, endPort }: Readonly<NetworkPolicyPort>,
  path: string,
): Errors {
  const errors = [
    ...oneOf(`${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']),
    ...(port === undefined ? [] : portNumberOrName(`${path}.port`, port)),
  ];
  if (endPort === undefined) return errors;
  const at = `${path}.endPort`;
  if (port === undefined) {
    return [...errors, invalid(at, endPort, 'may not be specified when `port` is not specified')];
  }
  if (typeof port === 'string') {
    return [...errors, invalid(at, endPort, 'may not be specified when `port` is non-numeric')];
  }
  if (endPort < port) {
    errors.push(invalid(at, endPort, 'must be greater than or equal to `port`'));
  }
  return [...errors, ...portNumberOrName(at, endPort)];
}

function validatePeer(peer: Readonly<NetworkPolicyPeer>, path: string): Errors {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const selectors = { podSelector, namespaceSelector };
  const given = Object.entries(selectors).filter(([, selector]) => selector !== undefined);
  const errors = given.flatMap(([field, selector]) =>
    validateLabelSelector(`${path}.${field}`, selector),
  );
  if (ipBlock !== undefined) errors.push(...validateBlock(ipBlock, `${path}.ipBlock`));
  if (ipBlock === undefined && given.length === 0) {
    errors.push(required(path, 'must specify a peer'));
  }
  if (ipBlock !== undefined && given.length > 0) {
    errors.push(forbidden(path, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateBlock({ cidr, except = [] }: Readonly<IPBlock>, path: string): Errors {
  if (cidr === '') return [required(`${path}.cidr`)];
  const block = parseCidr(cidr);
  if (block === undefined) return [invalid(`${path}.cidr`, cidr, CIDR_PROBLEM)];
  return except.flatMap((text, i) => {
    const at = `${path}.except[${i}]`;
    const inner = parseCidr(text);
    if (inner === undefined) return [invalid(at, text, CIDR_PROBLEM)];
    return cidrContains(block, inner) && inner.bits > block.bits
      ? []
      : [invalid(at, text, 'must be a strict subset of `cidr`')];
  });
}
