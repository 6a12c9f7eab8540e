// What other folders may use of the actor system.

export { abortWithin } from './abort-within.ts';
export { createActorSystem } from './actor-system.ts';
export type { Actor, ActorRef, Context, Signal, Supervision } from './actor.ts';
export { formatAddress, parseAddress } from './address.ts';
export type { Address } from './address.ts';
export type { Clock, Timer } from './clock.ts';
export type { Dispatcher } from './dispatcher.ts';
export { asSkeinError, assert, failed, ok, SkeinError, unreachable } from './errors.ts';
export type { ErrorCode, Result } from './errors.ts';
export { createImmediateDispatcher } from './immediate-dispatcher.ts';
export { extendMsgpack, packr, pack, unpack } from './msgpack.ts';
export type { LogFields, Logger, LogLevel } from './log.ts';
export { pick, randomHex, randomUuid, shuffled } from './random.ts';
export type { Random } from './random.ts';
export { createRingLogger } from './ring-logger.ts';
export type { LogLine, RingLogger } from './ring-logger.ts';
export { createSeededRandom } from './seeded-random.ts';
export type { SeededRandom } from './seeded-random.ts';
export type { SimulatedPeer } from './simulated-peer.ts';
export { createSimulation } from './simulation.ts';
export type { Simulation } from './simulation.ts';
export { createStreamLogger } from './stream-logger.ts';
export type { StreamLoggerOptions } from './stream-logger.ts';
export { createSystemClock } from './system-clock.ts';
export { createSystemRandom } from './system-random.ts';
export type { ActorSystem, RemoteResolver } from './system.ts';
export { wait } from './wait.ts';
