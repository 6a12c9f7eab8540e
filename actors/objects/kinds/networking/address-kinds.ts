// The types of IPAddress and ServiceCIDR, which the published declarations do not have yet.

import type { Condition, ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';

export interface ParentReference {
  group?: string;
  resource: string;
  namespace?: string;
  name: string;
}

export interface IPAddress {
  readonly apiVersion?: 'networking.k8s.io/v1';
  readonly kind?: 'IPAddress';
  metadata?: ObjectMeta;
  spec?: { parentRef: ParentReference };
}

export interface ServiceCIDR {
  readonly apiVersion?: 'networking.k8s.io/v1';
  readonly kind?: 'ServiceCIDR';
  metadata?: ObjectMeta;
  spec?: { cidrs?: string[] };
  status?: { conditions?: Condition[] };
}
