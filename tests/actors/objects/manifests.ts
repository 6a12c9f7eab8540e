// Small manifests as users write them, for tests.

export const podManifest = (spec: Readonly<Record<string, unknown>> = {}) => ({
  metadata: { name: 'web-1', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x:1' }], ...spec },
});

export const deploymentManifest = (spec: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' }, creationTimestamp: null },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'x:1',
            command: ['serve'],
            ports: [{ containerPort: 80, name: 'http' }],
            env: [{ name: 'A', value: '1' }],
            readinessProbe: { httpGet: { port: 'http' } },
            resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          },
        ],
      },
    },
    ...spec,
  },
});

export const serviceManifest = (spec: Readonly<Record<string, unknown>> = {}) => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
});
