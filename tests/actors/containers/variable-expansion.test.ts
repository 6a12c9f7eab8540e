// `$(NAME)`, as Kubernetes expands it; environments and commands of containers.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { containerCommand, hostnameOf } from '../../../actors/containers/container-environment.ts';
import { expandVariables } from '../../../actors/containers/variable-expansion.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { valueOf } from './driver-compliance.ts';

const known = { VAR_A: 'A', VAR_B: 'B', VAR_EMPTY: '', 'dotted.name': 'D' };

// Inputs and outputs of the kind that Kubernetes documents for its own expansion.
const table: readonly (readonly [string, string])[] = [
  ['$(VAR_A)', 'A'],
  ['___$(VAR_B)___', '___B___'],
  ['$(VAR_A)$(VAR_B)', 'AB'],
  ['$(VAR_EMPTY)', ''],
  ['$(dotted.name)', 'D'],
  ['$(UNKNOWN)', '$(UNKNOWN)'],
  ['$$(VAR_A)', '$(VAR_A)'],
  ['$$$(VAR_A)', '$A'],
  ['$$$$(VAR_A)', '$$(VAR_A)'],
  ['$VAR_A', '$VAR_A'],
  ['$(VAR_A', '$(VAR_A'],
  ['foo$$bar', 'foo$bar'],
  ['ends in $', 'ends in $'],
  ['$()', '$()'],
  ['$(constructor)', '$(constructor)'],
  ['', ''],
];

describe('variable expansion', () => {
  for (const [input, output] of table) {
    it(`turns ${JSON.stringify(input)} into ${JSON.stringify(output)}`, () => {
      assert.equal(expandVariables(input, known), output);
    });
  }

  it('changes nothing in a text without a dollar sign', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replaceAll('$', '');
        assert.equal(expandVariables(plain, known), plain);
      }),
    );
  });

  it('gives back any text whose dollar signs were doubled', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '(', ')', 'A', '_') }), (text) => {
        assert.equal(expandVariables(text.replaceAll('$', '$$$$'), known), text);
      }),
    );
  });
});

describe('the environment of a container', () => {
  const pod: Pod = {
    metadata: {
      name: 'web-1',
      namespace: 'shop',
      uid: 'u-1',
      labels: { app: 'web', 'skein.dev/x': 'y' },
      annotations: { note: 'n' },
    },
    spec: { containers: [], nodeName: 'node-a', serviceAccountName: 'robot' },
  };
  const ports = [
    { name: 'http', containerPort: 80, servedPort: 31_000 },
    { name: '', containerPort: 9090, servedPort: 31_001 },
    { name: 'my-port', containerPort: 81, servedPort: 31_002 },
  ];
  const place = {
    nodeName: 'node-a',
    hostIP: '127.70.3.1',
    sandbox: { address: '127.70.3.9', ports },
  };
  const build = (container: object): ReturnType<typeof containerCommand> =>
    containerCommand(pod, { name: 'main', ...container }, place);

  it('tells the pod its name, its address and the ports to bind', () => {
    const { environment } = valueOf(build({}));
    assert.deepEqual(environment, {
      HOSTNAME: 'web-1',
      SKEIN_POD_IP: '127.70.3.9',
      SKEIN_PORT_HTTP: '31000',
      SKEIN_PORT_9090: '31001',
      SKEIN_PORT_MY_PORT: '31002',
    });
  });

  const fields: readonly (readonly [string, string])[] = [
    ['metadata.name', 'web-1'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u-1'],
    ["metadata.labels['app']", 'web'],
    ["metadata.labels['skein.dev/x']", 'y'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'n'],
    ['spec.nodeName', 'node-a'],
    ['spec.serviceAccountName', 'robot'],
    ['status.podIP', '127.70.3.9'],
    ['status.hostIP', '127.70.3.1'],
  ];
  for (const [fieldPath, value] of fields) {
    it(`takes ${fieldPath} into a variable`, () => {
      const env = [{ name: 'X', valueFrom: { fieldRef: { fieldPath } } }];
      assert.equal(valueOf(build({ env })).environment['X'], value);
    });
  }

  it('expands variables from those before them, and command and arguments from all', () => {
    const env = [
      { name: 'FIRST', value: '1-$(SECOND)' },
      { name: 'SECOND', value: '2-$(FIRST)' },
      { name: 'URL', value: 'http://$(SKEIN_POD_IP):$(SKEIN_PORT_HTTP)' },
    ];
    const { command, environment } = valueOf(
      build({ env, command: ['serve', '$(URL)'], args: ['$(SECOND)', '$$(SECOND)'] }),
    );
    assert.equal(environment['SECOND'], '2-1-$(SECOND)');
    assert.deepEqual(command, ['serve', 'http://127.70.3.9:31000', '2-1-$(SECOND)', '$(SECOND)']);
  });

  it('refuses sources that this peer does not have, unless they are optional', () => {
    const secret = (optional: boolean): object => ({
      env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional } } }],
    });
    const refused = build(secret(false));
    assert.ok(!refused.ok);
    assert.match(refused.error.message, /secretKeyRef of variable X/);
    assert.equal(valueOf(build(secret(true))).environment['X'], undefined);
    assert.ok(!build({ envFrom: [{ configMapRef: { name: 'c' } }] }).ok);
    const unknown = build({
      env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }],
    });
    assert.ok(!unknown.ok && unknown.error.message.includes('"spec.x"'));
  });

  it('cuts host names to what the system takes', () => {
    const long = { metadata: { name: `${'a'.repeat(62)}-${'b'.repeat(20)}` } };
    assert.equal(hostnameOf(long), 'a'.repeat(62));
  });
});
