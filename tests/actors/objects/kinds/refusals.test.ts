// What Kubernetes refuses of new objects of the remaining groups is refused, in its words.

import assert from 'node:assert/strict';
import { prepareCreate } from '../../../../actors/objects/write-preparation.ts';
import type { Fields, TriedKind } from './manifests.ts';
import { manifest, pemRequest, podTemplate, triedKinds } from './manifests.ts';

type Row = readonly [sentence: string, fields: Fields, ...errors: string[]];

const rows: Partial<Record<TriedKind, readonly Row[]>> = {
  StatefulSet: [
    [
      'a selector that misses the template',
      { selector: { matchLabels: { app: 'x' } } },
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'an empty selector',
      { selector: {} },
      'spec.selector: Invalid value: {}: empty selector is invalid for statefulset',
    ],
    [
      'pods that end',
      { template: podTemplate({ restartPolicy: 'Never' }) },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'pods with a deadline',
      { template: podTemplate({ activeDeadlineSeconds: 5 }) },
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
    ],
    [
      'an unknown management of pods',
      { podManagementPolicy: 'Any' },
      "spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'",
    ],
    [
      'a rolling update on delete',
      { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
      'spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy \'RollingUpdate\'',
    ],
    [
      'no pod that may be away',
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '0%' } } },
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0',
    ],
    [
      'a negative first ordinal',
      { ordinals: { start: -1 } },
      'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'an unknown retention',
      { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } },
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Delete", "Retain"',
    ],
  ],
  DaemonSet: [
    [
      'updates that take away and add at once',
      { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: '10%' } } },
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero',
    ],
    [
      'updates that cannot go on',
      { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    ],
    [
      'an unknown strategy',
      { updateStrategy: { type: 'Now' } },
      'spec.updateStrategy: Unsupported value: {"type":"Now"}: supported values: "OnDelete", "RollingUpdate"',
    ],
  ],
  ControllerRevision: [
    ['no data', { data: null }, 'data: Required value: data is mandatory'],
    [
      'a negative revision',
      { revision: -1 },
      'revision: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  Job: [
    [
      'pods that always restart',
      { template: podTemplate({ restartPolicy: 'Always' }) },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'pods that restart, by default',
      { template: podTemplate() },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'a negative number of retries',
      { backoffLimit: -1 },
      'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'an unknown completion mode',
      { completionMode: 'Some' },
      'spec.completionMode: Unsupported value: "Some": supported values: "Indexed", "NonIndexed"',
    ],
    [
      'indexes without an end',
      { completionMode: 'Indexed', parallelism: 1 },
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'a limit per index without indexes',
      { backoffLimitPerIndex: 1 },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      'failed indexes without a limit per index',
      { completionMode: 'Indexed', completions: 2, maxFailedIndexes: 1 },
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    ],
    [
      'a selector of its own',
      { selector: { matchLabels: { app: 'web' } } },
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u","app":"web"}}: `selector` not auto-generated',
    ],
    [
      'labels of another Job',
      {
        template: {
          metadata: { labels: { 'controller-uid': 'v' } },
          spec: podTemplate({ restartPolicy: 'Never' }).spec,
        },
      },
      'spec.template.metadata.labels[controller-uid]: Invalid value: {"job-name":"web","batch.kubernetes.io/job-name":"web","controller-uid":"v","batch.kubernetes.io/controller-uid":"u"}: must be \'u\'',
    ],
    [
      'an empty failure rule',
      { podFailurePolicy: { rules: [{ action: 'Ignore' }] } },
      'spec.podFailurePolicy.rules[0]: Invalid value: {"action":"Ignore"}: specifying one of OnExitCodes and OnPodConditions is required',
    ],
    [
      'exit codes without order',
      {
        podFailurePolicy: {
          rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3, 2] } }],
        },
      },
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,2]: must be ordered',
    ],
    [
      'success as a failure',
      {
        podFailurePolicy: {
          rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [0] } }],
        },
      },
      'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
    ],
    [
      'an index to fail without a limit per index',
      {
        podFailurePolicy: {
          rules: [{ action: 'FailIndex', onPodConditions: [{ type: 'DisruptionTarget' }] }],
        },
      },
      'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    ],
    [
      'a success policy without indexes',
      { successPolicy: { rules: [{ succeededCount: 1 }] } },
      'spec.successPolicy: Invalid value: {"rules":[{"succeededCount":1}]}: requires indexed completion mode',
    ],
    [
      'indexes that are not there',
      {
        completionMode: 'Indexed',
        completions: 3,
        successPolicy: { rules: [{ succeededIndexes: '0,2-3' }] },
      },
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0,2-3": error parsing succeededIndexes: too large index: "3"',
    ],
    [
      'a bare manager',
      { managedBy: 'me' },
      'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
  ],
  CronJob: [
    ['no schedule', { schedule: '' }, 'spec.schedule: Required value'],
    [
      'a schedule of four fields',
      { schedule: '* * * *' },
      'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]',
    ],
    [
      'a zone in the schedule',
      { schedule: 'TZ=UTC * * * * *' },
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    [
      'a zone that is nowhere',
      { timeZone: 'Mars/North' },
      'spec.timeZone: Invalid value: "Mars/North": unknown time zone Mars/North',
    ],
    [
      'a zone that depends on the peer',
      { timeZone: 'Local' },
      'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ],
    [
      'an unknown concurrency',
      { concurrencyPolicy: 'Queue' },
      'spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"',
    ],
    [
      'a selector in the template',
      {
        jobTemplate: {
          spec: {
            manualSelector: true,
            selector: { matchLabels: { app: 'web' } },
            template: podTemplate({ restartPolicy: 'Never' }),
          },
        },
      },
      'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"app":"web"}}: `selector` will be auto-generated',
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "false", "nil"',
    ],
  ],
  HorizontalPodAutoscaler: [
    [
      'more at least than at most',
      { minReplicas: 4 },
      'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
    ],
    [
      'nothing at least',
      { minReplicas: 0 },
      'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
    ],
    [
      'nothing at most',
      { maxReplicas: 0 },
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
    [
      'a metric without a target',
      {
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }],
      },
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
    [
      'a metric of another type than its source',
      {
        metrics: [
          {
            type: 'Pods',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1 } },
          },
        ],
      },
      'spec.metrics[0].resource: Forbidden: must populate the given metric source only',
      'spec.metrics[0].pods: Required value: must populate information for the given metric source',
    ],
    [
      'an unknown type of target',
      {
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Most', averageUtilization: 0 } },
          },
        ],
      },
      'spec.metrics[0].resource.target.type: Invalid value: "Most": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    ],
    [
      'a window of two hours',
      { behavior: { scaleDown: { stabilizationWindowSeconds: 7_200 } } },
      'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 7200: must be less than or equal to 3600',
    ],
    [
      'a policy of nothing',
      { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 60 }] } } },
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    ],
  ],
  PodDisruptionBudget: [
    [
      'both bounds',
      { selector: null, maxUnavailable: 1 },
      'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
    ],
    [
      'more than all',
      { minAvailable: '101%' },
      'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      'an unknown policy for the unhealthy',
      { unhealthyPodEvictionPolicy: 'Never' },
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  ],
  Ingress: [
    [
      'nothing to serve',
      { rules: [] },
      'spec: Invalid value: []: either `defaultBackend` or `rules` must be specified',
    ],
    [
      'an address as host',
      { rules: [{ host: '10.0.0.1' }] },
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
    [
      'a wildcard in the middle',
      { rules: [{ host: 'a.*.b' }] },
      "spec.rules[0].host: Invalid value: \"a.*.b\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
    [
      'a relative path without a type and without a port',
      {
        rules: [
          { http: { paths: [{ path: 'a', backend: { service: { name: 'web', port: {} } } }] } },
        ],
      },
      'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
      'spec.rules[0].http.paths[0].backend.service: Required value: port name or number is required',
    ],
    [
      'a path that climbs',
      {
        rules: [
          {
            http: {
              paths: [
                {
                  path: '/a/..',
                  pathType: 'Exact',
                  backend: { service: { name: 'web', port: { name: 'http', number: 1 } } },
                },
              ],
            },
          },
        ],
      },
      'spec.rules[0].http.paths[0].path: Invalid value: "/a/..": cannot end with \'/..\'',
      'spec.rules[0].http.paths[0].backend.service: Invalid value: "": cannot set both port name & port number',
    ],
    [
      'an unknown type of path',
      {
        rules: [
          {
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Regex',
                  backend: { service: { name: 'web', port: { number: 1 } } },
                },
              ],
            },
          },
        ],
      },
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"',
    ],
    [
      'a default of nothing',
      { defaultBackend: {} },
      'spec.defaultBackend: Invalid value: "": resource or service backend is required',
    ],
  ],
  IngressClass: [
    ['no controller', { controller: '' }, 'spec.controller: Required value'],
    [
      'a bare controller',
      { controller: 'nginx' },
      'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      'parameters of a namespace that is not named',
      { parameters: { kind: 'ConfigMap', name: 'a', scope: 'Namespace' } },
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
  ],
  NetworkPolicy: [
    [
      'a peer that is nobody',
      { ingress: [{ from: [{}] }] },
      'spec.ingress[0].from[0]: Required value: must specify a peer',
    ],
    [
      'a peer that is two',
      { egress: [{ to: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      'spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer',
    ],
    [
      'a block that is none',
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1' } }] }] },
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/96)',
    ],
    [
      'an exception outside of its block',
      {
        ingress: [
          { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16', '10.0.0.0/8'] } }] },
        ],
      },
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    ],
    [
      'ports that end before they begin',
      { ingress: [{ ports: [{ port: 80, endPort: 70 }] }] },
      'spec.ingress[0].ports[0].endPort: Invalid value: 70: must be greater than or equal to `port`',
    ],
    [
      'a range from a name',
      { ingress: [{ ports: [{ port: 'http', endPort: 70 }] }] },
      'spec.ingress[0].ports[0].endPort: Invalid value: 70: may not be specified when `port` is non-numeric',
    ],
    [
      'an unknown direction',
      { policyTypes: ['Sideways'] },
      'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Egress", "Ingress"',
    ],
  ],
  IPAddress: [['no parent', { parentRef: null }, 'spec.parentRef: Required value']],
  ServiceCIDR: [
    ['no block', { cidrs: [] }, 'spec.cidrs: Required value: at least one CIDR required'],
    [
      'two of a family',
      { cidrs: ['10.0.0.0/8', '11.0.0.0/8'] },
      'spec.cidrs: Invalid value: ["10.0.0.0/8","11.0.0.0/8"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/96',
    ],
    [
      'bits beyond the prefix',
      { cidrs: ['10.0.0.1/8'] },
      'spec.cidrs[0]: Invalid value: "10.0.0.1/8": must be in canonical form ("10.0.0.0/8")',
    ],
  ],
  StorageClass: [
    ['no provisioner', { provisioner: '' }, 'provisioner: Required value'],
    [
      'an unknown reclaim policy',
      { reclaimPolicy: 'Recycle' },
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    ],
    [
      'an unknown binding mode',
      { volumeBindingMode: 'Late' },
      'volumeBindingMode: Unsupported value: "Late": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
  ],
  CSIDriver: [
    [
      'an unknown life',
      { volumeLifecycleModes: ['Eternal'] },
      'spec.volumeLifecycleModes: Unsupported value: "Eternal": supported values: "Ephemeral", "Persistent"',
    ],
    [
      'tokens for a minute',
      { tokenRequests: [{ audience: 'a', expirationSeconds: 60 }] },
      'spec.tokenRequests[0].expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
  ],
  CSINode: [
    [
      'a driver twice',
      {
        drivers: [
          { name: 'a.b', nodeID: 'n' },
          { name: 'a.b', nodeID: 'n' },
        ],
      },
      'spec.drivers[1].name: Duplicate value: "a.b"',
    ],
    [
      'a driver without an id',
      { drivers: [{ name: 'a.b', nodeID: '' }] },
      'spec.drivers[0].nodeID: Required value',
    ],
  ],
  CSIStorageCapacity: [
    [
      'less than no room',
      { capacity: '-1' },
      'capacity: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ],
  VolumeAttachment: [
    [
      'no volume',
      { source: {} },
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
  ],
  VolumeAttributesClass: [
    [
      'no settings',
      { parameters: {} },
      'parameters: Required value: must contain at least one key/value pair',
    ],
  ],
  PriorityClass: [
    [
      'a value of the system',
      { value: 1_000_000_001 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      'an unknown preemption',
      { preemptionPolicy: 'Always' },
      'preemptionPolicy: Unsupported value: "Always": supported values: "Never", "PreemptLowerPriority"',
    ],
  ],
  Lease: [
    [
      'no time',
      { leaseDurationSeconds: 0 },
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'fewer than no transitions',
      { leaseTransitions: -1 },
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'a holder without a name',
      { holderIdentity: '' },
      'spec.holderIdentity: Invalid value: "": must not be empty',
    ],
  ],
  RuntimeClass: [
    ['no handler', { handler: '' }, 'handler: Required value'],
    [
      'a negative overhead',
      { overhead: { podFixed: { memory: '-1' } } },
      'overhead.podFixed[memory]: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ],
  CertificateSigningRequest: [
    [
      'no request',
      { request: 'bm9wZQ==' },
      'spec.request: Invalid value: "bm9wZQ==": PEM block type must be CERTIFICATE REQUEST',
    ],
    [
      'a request that breaks off',
      { request: pemRequest('MIGb') },
      `spec.request: Invalid value: "${pemRequest('MIGb')}": asn1: syntax error: sequence truncated`,
    ],
    [
      'a request of nothing',
      { request: pemRequest('MAA=') },
      `spec.request: Invalid value: "${pemRequest('MAA=')}": asn1: structure error: tags don't match`,
    ],
    ['no usage', { usages: [] }, 'spec.usages: Required value'],
    [
      'a bare signer',
      { signerName: 'me' },
      'spec.signerName: Invalid value: "me": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
    [
      'the signer of old',
      { signerName: 'kubernetes.io/legacy-unknown' },
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
    [
      'a minute',
      { expirationSeconds: 60 },
      'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ],
};

function errorsOf(kind: TriedKind, given: Fields): readonly string[] {
  const prepared = prepareCreate(kind, given, { nowMs: 0, uid: 'u' });
  return prepared.ok ? [] : prepared.errors.map(({ path, message }) => `${path}: ${message}`);
}

for (const kind of triedKinds) {
  describe(`a ${kind}`, () => {
    it('as its users write it is taken', () =>
      assert.deepEqual(errorsOf(kind, manifest(kind)), []));

    for (const [sentence, fields, ...wanted] of rows[kind] ?? []) {
      it(`with ${sentence} is refused`, () =>
        assert.deepEqual(errorsOf(kind, manifest(kind, fields)), wanted));
    }
  });
}

const names: readonly (readonly [TriedKind, string, string])[] = [
  ['StatefulSet', 'a.b', 'a lowercase RFC 1123 label must consist'],
  ['CronJob', 'a'.repeat(53), 'must be no more than 52 characters'],
  ['IPAddress', 'web', 'must be a valid IP address'],
  ['IPAddress', '2001:DB8::0', 'must be in canonical form ("2001:db8::")'],
  ['PriorityClass', 'system-mine', "priority class names with 'system-' prefix are reserved"],
  ['CertificateSigningRequest', 'a/b', "may not contain '/'"],
  ['CSIDriver', 'a'.repeat(64), 'must be no more than 63 characters'],
];

describe('a name', () => {
  for (const [kind, name, words] of names) {
    it(`such as ${name.slice(0, 12)} of a ${kind} is refused`, () => {
      const [error = 'taken'] = errorsOf(kind, manifest(kind, {}, { name }));
      assert.match(error, /^metadata\.name: /);
      assert.ok(error.includes(words), error);
    });
  }

  it('of the system is a PriorityClass with its own value', () => {
    const given = manifest(
      'PriorityClass',
      { value: 2_000_001_000 },
      { name: 'system-node-critical' },
    );
    assert.deepEqual(errorsOf('PriorityClass', given), []);
  });

  it('of an indexed Job leaves room for the last index', () => {
    const fields = { completionMode: 'Indexed', completions: 100 };
    const given = manifest('Job', fields, { name: 'a'.repeat(61) });
    assert.ok(
      errorsOf('Job', given).some((error) => error.includes('will not able to create pod')),
    );
  });
});

describe('an Ingress that is new', () => {
  it('names its class once', () => {
    const annotations = { 'kubernetes.io/ingress.class': 'a' };
    const given = manifest('Ingress', { ingressClassName: 'a' }, { annotations });
    assert.deepEqual(errorsOf('Ingress', given), [
      'metadata.annotations[kubernetes.io/ingress.class]: Invalid value: "a": can not be set when the class field is also set',
    ]);
  });
});
