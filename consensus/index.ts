// What other folders may use of the zone's log.

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
  WriteOptions,
} from './store/store.ts';
