// What autoscaling/v1 cannot say is kept for it, and comes back.

import assert from 'node:assert/strict';
import { autoscalerForm } from '../../../../actors/objects/kinds/autoscaling/autoscaler-form.ts';
import { stored } from './manifests.ts';

const resource = (name: string, averageUtilization: number) => ({
  type: 'Resource',
  resource: { name, target: { type: 'Utilization', averageUtilization } },
});

const full = stored('HorizontalPodAutoscaler', {
  metrics: [resource('cpu', 50), resource('memory', 70)],
  behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
});

describe('an autoscaler as autoscaling/v1', () => {
  it('has its share of CPU in the spec and the rest in annotations', () => {
    const shown = autoscalerForm.fromStored(full) as {
      readonly spec: Record<string, unknown>;
      readonly metadata: { readonly annotations: Record<string, string> };
    };
    assert.equal(shown.spec['targetCPUUtilizationPercentage'], 50);
    assert.deepEqual(Object.keys(shown.spec).toSorted(), [
      'maxReplicas',
      'minReplicas',
      'scaleTargetRef',
      'targetCPUUtilizationPercentage',
    ]);
    const metrics = shown.metadata.annotations['autoscaling.alpha.kubernetes.io/metrics'];
    assert.deepEqual(JSON.parse(metrics!), [resource('memory', 70)]);
  });

  it('comes back as it was', () => {
    const status = {
      desiredReplicas: 2,
      currentMetrics: [
        { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40 } } },
      ],
      conditions: [{ type: 'AbleToScale', status: 'True' }],
    };
    const object = { ...full, status };
    assert.deepEqual(autoscalerForm.toStored(autoscalerForm.fromStored(object)), object);
  });

  it('takes annotations that are no JSON for nothing', () => {
    const annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '{', own: 'kept' };
    const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 2 };
    assert.deepEqual(autoscalerForm.toStored({ metadata: { name: 'a', annotations }, spec }), {
      metadata: { name: 'a', annotations: { own: 'kept' } },
      spec,
    });
  });
});
