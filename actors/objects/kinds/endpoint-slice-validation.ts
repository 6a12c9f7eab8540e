// What is wrong with an EndpointSlice.

import type { Endpoint, EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { duplicate, invalid, required, tooMany } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { invalidBecause, oneOf, optionalName, unchanged } from '../field-rules.ts';
import { isIpv4, isIpv6 } from '../ip-addresses.ts';
import { labelProblems, subdomainProblems } from '../name-rules.ts';

const ENDPOINTS_LIMIT = 1_000;
const PORTS_LIMIT = 20_000;
const ADDRESSES_LIMIT = 100;

export function validateEndpointSlice(slice: Readonly<EndpointSlice>): readonly FieldError[] {
  const { addressType, endpoints, ports = [] } = slice;
  const errors = [...oneOf('addressType', addressType, ['FQDN', 'IPv4', 'IPv6'])];
  if (endpoints.length > ENDPOINTS_LIMIT) {
    errors.push(tooMany('endpoints', endpoints.length, ENDPOINTS_LIMIT));
  }
  if (ports.length > PORTS_LIMIT) errors.push(tooMany('ports', ports.length, PORTS_LIMIT));
  for (const [i, endpoint] of endpoints.slice(0, ENDPOINTS_LIMIT).entries()) {
    errors.push(...validateEndpoint(`endpoints[${i}]`, endpoint, addressType));
  }
  const names = new Set<string>();
  for (const [i, { name = '', protocol }] of ports.slice(0, PORTS_LIMIT).entries()) {
    if (names.has(name)) errors.push(duplicate(`ports[${i}].name`, name));
    names.add(name);
    errors.push(...optionalName(`ports[${i}].name`, name, labelProblems));
    errors.push(...oneOf(`ports[${i}].protocol`, protocol, ['SCTP', 'TCP', 'UDP']));
  }
  return errors;
}

function validateEndpoint(
  path: string,
  { addresses, hostname, nodeName }: Readonly<Endpoint>,
  addressType: string,
): readonly FieldError[] {
  const errors = [
    ...optionalName(`${path}.hostname`, hostname, labelProblems),
    ...optionalName(`${path}.nodeName`, nodeName, subdomainProblems),
  ];
  if (addresses.length === 0) {
    errors.push(required(`${path}.addresses`, 'must contain at least 1 address'));
  }
  if (addresses.length > ADDRESSES_LIMIT) {
    errors.push(tooMany(`${path}.addresses`, addresses.length, ADDRESSES_LIMIT));
  }
  for (const [i, address] of addresses.slice(0, ADDRESSES_LIMIT).entries()) {
    const at = `${path}.addresses[${i}]`;
    if (addressType === 'FQDN') {
      errors.push(...invalidBecause(at, address, subdomainProblems(address)));
    } else if (addressType === 'IPv4' ? !isIpv4(address) : !isIpv6(address)) {
      errors.push(invalid(at, address, `must be an ${addressType} address`));
    }
  }
  return errors;
}

export const validateEndpointSliceUpdate = (
  next: Readonly<EndpointSlice>,
  old: Readonly<EndpointSlice>,
): readonly FieldError[] => unchanged('addressType', next.addressType, old.addressType);
