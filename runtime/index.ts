// What other folders may use of the actor system.

export type {
  Actor,
  ActorRef,
  Context,
  MessageSchema,
  Question,
  ReplyOf,
  Signal,
  Supervision,
} from './actor.ts';
export { formatAddress, parseAddress } from './address.ts';
export type { Address, AddressParts } from './address.ts';
export type { Clock, Timer } from './clock.ts';
export type { Dispatcher } from './dispatcher.ts';
export { asSkeinError, assert, failed, ok, SkeinError, unreachable } from './errors.ts';
export type { ErrorCode, Result } from './errors.ts';
export type { LogFields, Logger, LogLevel } from './log.ts';
export { pick, randomHex, randomUuid, shuffled } from './random.ts';
export type { Random } from './random.ts';
export type { ActorSystem, ActorSystemOptions, RemoteResolver } from './system.ts';
