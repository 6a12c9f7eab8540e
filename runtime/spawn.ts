// How an actor comes into the world: a checked name, a cell, a context, and the word to start.

import type { Supervision } from './actor.ts';
import { askName } from './ask.ts';
import { createCell } from './cell.ts';
import type { AnyActor, Cell, Parent } from './cell.ts';
import { createContext } from './context.ts';
import { SkeinError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { checkSupervision } from './supervision.ts';

/** Characters of a name; a path of these stays a readable log field. */
const maxNameLength = 300;

const defaultSupervision: Supervision = { directive: 'stop' };

/** `start` runs in the child's first turn. Throws `invalid` or `already-exists`. */
export function spawn(
  kernel: Kernel,
  parent: Parent,
  name: string,
  actor: AnyActor,
  args: unknown,
  supervision: Supervision = defaultSupervision,
): Cell {
  checkName(parent, name);
  checkSupervision(supervision);
  const cell = createCell(kernel, parent, name, actor, args, supervision);
  cell.ctx = createContext(cell);
  parent.children.set(name, cell);
  kernel.cells.set(cell.path, cell);
  cell.notify({ type: 'start' });
  return cell;
}

function checkName(parent: Parent, name: string): void {
  const isReserved = parent.path === '' && name === askName;
  if (!/^[^/#\s]+$/.test(name) || name.length > maxNameLength || isReserved) {
    throw new SkeinError(
      'invalid',
      `"${name}" cannot name an actor: use 1 to ${maxNameLength} characters without "/", "#" or ` +
        `space; the first name of a path is not "${askName}"`,
      { name },
    );
  }
  if (parent.children.has(name)) {
    throw new SkeinError(
      'already-exists',
      `"${name}" lives already under "${parent.path}": choose another name, or wait for child-stopped`,
      { name, parent: parent.path },
    );
  }
}
