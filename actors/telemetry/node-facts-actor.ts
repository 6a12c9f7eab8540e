// Keeps a peer's facts in step with its Node: what is said of it by label, taint or cordon is told to all at once.

import type { Mesh } from '../../mesh/index.ts';
import type { Actor } from '../../runtime/index.ts';
import type { ObjectView } from '../objects/objects.ts';
import { nodeFacts } from './node-facts.ts';

export interface NodeFactsOptions {
  readonly name: string;
  readonly view: Pick<ObjectView, 'get' | 'watch'>;
  readonly mesh: Pick<Mesh, 'setFacts'>;
}

type NodeFactsMessage = { readonly type: 'changed' };
interface NodeFactsState extends NodeFactsOptions {
  readonly stop: () => void;
}

export const nodeFactsActor: Actor<NodeFactsMessage, NodeFactsState, NodeFactsOptions> = {
  start: (options, ctx) => {
    const { name, view } = options;
    const stop = view.watch(['Node'], ({ key }) => {
      if (key.name === name) ctx.self.tell({ type: 'changed' });
    });
    ctx.self.tell({ type: 'changed' });
    return { ...options, stop };
  },
  receive: (state) => {
    // The mesh tells only what differs from what it told before.
    const node = state.view.get('Node', '', state.name);
    if (node !== undefined) state.mesh.setFacts(nodeFacts(node));
    return state;
  },
  stopped: ({ stop }) => stop(),
};
