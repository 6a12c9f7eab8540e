// The doctor as a resource of the API: asked at one peer, it examines all.

import { ok } from '../runtime/index.ts';
import { diagnose } from './doctor/diagnosis.ts';
import { examine } from './doctor/examination.ts';
import type { ExaminationParts } from './doctor/examination.ts';
import type { ExtraResource } from './gateway/extra-resources.ts';

/** Whatever name it is asked for by, it is a diagnosis of the cluster, made now. */
export const diagnoses = (parts: ExaminationParts): ExtraResource => ({
  plural: 'diagnoses',
  singular: 'diagnosis',
  kind: 'Diagnosis',
  verbs: ['get'],
  handler: async ({ name }) =>
    ok({
      body: {
        kind: 'Diagnosis',
        apiVersion: 'skein.dev/v1',
        metadata: { name },
        status: diagnose(await examine(parts)),
      },
    }),
});
