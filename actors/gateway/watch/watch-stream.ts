// One watch: what is there (if asked), then every change, with bookmarks so that it can be resumed.
//
//   initial objects --> initial-events-end --> changes ... bookmarks ... --> end: its time is over, the client
//   (if asked)          bookmark (if asked)                                  is slow, ERROR 410, or the peer stops

import type { Store } from '../../../consensus/index.ts';
import { prefixEnd } from '../../../consensus/index.ts';
import type { Clock } from '../../../runtime/index.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import type { ApiEvent, EventSink } from '../request/api-request.ts';
import { expired } from '../status.ts';
import type { Matches, ObjectEvent } from './watch-events.ts';
import { eventFor } from './watch-events.ts';

/** Between two bookmarks of an idle watch. */
const BOOKMARK_MS = 60_000;

/** Objects sent between two looks at whether the client keeps up. */
const INITIAL_BATCH = 50;

export interface WatchPlan {
  /** Keys that start with this. */
  readonly prefix: string;
  /** Changes after this revision. */
  readonly after: number;
  /** Objects that are there at `after`; sent as ADDED first. */
  readonly initial: readonly KubernetesObject[];
  /** Whether the end of the initial objects is told by a bookmark. */
  readonly marksInitialEnd: boolean;
  readonly bookmarks: boolean;
  /** The watch ends by itself after this; the client comes back with its last revision. */
  readonly lifeMs: number;
  readonly matches: Matches;
  /** Puts an object in the shape the client accepts. */
  readonly present: (object: KubernetesObject) => unknown;
  /** An object of the watched kind with nothing but these metadata. */
  readonly bookmark: (metadata: NonNullable<KubernetesObject['metadata']>) => KubernetesObject;
}

const INITIAL_END = 'k8s.io/initial-events-end';

/** Begins the watch. Returns how to stop it. */
export function startWatch(
  store: Store,
  clock: Clock,
  plan: WatchPlan,
  sink: EventSink,
): () => void {
  let open = true;
  /** Bookmarks make no sense before the initial objects are out. */
  let following = false;
  let stopStore = (): void => undefined;
  /** All changes up to here have been sent. */
  let sent = plan.after;

  const close = (): void => {
    if (!open) return;
    open = false;
    lifeTimer.cancel();
    bookmarkTimer.cancel();
    stopStore();
    sink.end();
  };
  const send = (event: ApiEvent): void => {
    if (open && !sink.event(event)) close();
  };
  const sendObject = ({ type, object }: ObjectEvent): void =>
    send({ type, object: plan.present(object) });
  const sendBookmark = (annotations?: Record<string, string>): void => {
    const resourceVersion = String(sent);
    const metadata = { resourceVersion, ...(annotations === undefined ? {} : { annotations }) };
    send({ type: 'BOOKMARK', object: plan.present(plan.bookmark(metadata)) });
  };

  const follow = (): void => {
    following = true;
    const stop = store.watch(plan.prefix, prefixEnd(plan.prefix), plan.after, {
      events: (revision, changes) => {
        for (const change of changes) {
          const event = eventFor(change, plan.matches);
          if (event !== undefined) sendObject(event);
        }
        sent = revision;
      },
      progress: (revision) => void (sent = revision),
      ended: (reason) => {
        if (reason === 'compacted') {
          const words = `the revision ${sent} is no longer kept: list again`;
          send({ type: 'ERROR', object: expired(words).status });
        }
        close();
      },
    });
    if (open) stopStore = stop;
    else stop();
  };

  const sendInitial = async (): Promise<void> => {
    for (let at = 0; at < plan.initial.length; at += INITIAL_BATCH) {
      if (!open) return;
      for (const object of plan.initial.slice(at, at + INITIAL_BATCH)) {
        sendObject({ type: 'ADDED', object });
      }
      await sink.ready();
    }
    if (plan.marksInitialEnd) sendBookmark({ [INITIAL_END]: 'true' });
  };

  const onBookmarkTime = (): void => {
    if (following && plan.bookmarks) sendBookmark();
    if (open) bookmarkTimer = clock.setTimer(BOOKMARK_MS, onBookmarkTime);
  };
  const onLifeOver = (): void => {
    if (plan.bookmarks && following) sendBookmark();
    close();
  };
  let bookmarkTimer = clock.setTimer(BOOKMARK_MS, onBookmarkTime);
  const lifeTimer = clock.setTimer(plan.lifeMs, onLifeOver);

  if (plan.initial.length === 0 && !plan.marksInitialEnd) follow();
  else {
    sendInitial().then(
      () => {
        if (open) follow();
      },
      () => close(),
    );
  }
  return close;
}
