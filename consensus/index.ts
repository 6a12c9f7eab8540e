// What other folders may use of the zone's log.

export type { Disk } from './log/disk.ts';
export { nodeDisk } from './log/node-disk.ts';
export { openZoneLog } from './replica/open-zone-log.ts';
export type { ZoneLog } from './replica/open-zone-log.ts';
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
