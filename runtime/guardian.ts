// The parent of the actors at the top: reports their failures and ends them, youngest first.

import type { Cell, Parent } from './cell.ts';

export interface Guardian extends Parent {
  /** Resolves when no actor lives; calling it again gives the same promise. */
  readonly stop: () => Promise<void>;
  readonly isStopping: () => boolean;
}

export function createGuardian(onFailure: (path: string, error: Error) => void): Guardian {
  const children = new Map<string, Cell>();
  let stopped: Promise<void> | undefined;
  let resolveStopped = (): void => undefined;

  const endNext = (): void => {
    const youngest = [...children.values()].at(-1);
    if (youngest === undefined) resolveStopped();
    else youngest.notify({ type: 'stop' });
  };

  return {
    path: '',
    children,
    notify: (message) => {
      // `escalated` needs no answer here: the child ends by itself, with its error.
      if (message.type !== 'child-ended') return;
      const { name, error } = message;
      children.delete(name);
      if (stopped !== undefined) endNext();
      if (error !== undefined) onFailure(name, error);
    },
    stop: () => {
      stopped ??= new Promise<void>((resolve) => {
        resolveStopped = resolve;
        endNext();
      });
      return stopped;
    },
    isStopping: () => stopped !== undefined,
  };
}
