// What other folders may use of the zone's log.

export type { Disk } from './log/disk.ts';
export { nodeDisk } from './log/node-disk.ts';
export { recoverLog } from './recover/recover-log.ts';
export { rejoinLog } from './recover/rejoin-log.ts';
export { surveyLog } from './recover/survey-log.ts';
export type { Member, Survey } from './recover/survey-log.ts';
export { formatEpoch } from './replica/epoch.ts';
export { isFenced } from './replica/fence.ts';
export { openZoneLog } from './replica/open-zone-log.ts';
export type { ZoneLog } from './replica/open-zone-log.ts';
export { forgetReplicasOf } from './replica/replica-records.ts';
export { prefixEnd } from './store/store.ts';
export type {
  Compare,
  KeyValue,
  Lease,
  Operation,
  OperationResult,
  RangeOptions,
  RangeResult,
  Revision,
  Store,
  StoreStatus,
  StoreView,
  Transaction,
  TransactionResult,
  Watcher,
  WatchEvent,
} from './store/store.ts';
