// When a replica saves its state machine, and how much of the log it keeps behind the snapshot. Pure.

/** Log written between two snapshots at least, bytes: for less even an empty state is not worth a file. */
export const defaultSnapshotFloorBytes = 16 << 20;
/** And at most: all of it is read again when the log is opened, and kept in memory until then. */
const ceilingBytes = 96 << 20;
/** What opening a log may take, ms, by the measure of `npm run bench:opening` with a reserve: bytes of snapshot and entries that pass in one. */
const openingMs = 4_000;
const snapshotBytesPerMs = 200_000;
const entriesPerMs = 50;
/** However large the state, so much of it is for entries. */
const openingForEntriesMs = 1_000;
/** No entry stays uncovered for longer, ms, so that a quiet zone too forgets what was deleted. */
const maxAgeMs = 30 * 60_000;
/** Entries kept behind a snapshot at most, which spare a slow follower the whole of it. */
export const trailingEntries = 5_000;
/** For followers that are fed, more than that is kept: this much of the log at most, bytes. */
const keptForFollowersBytes = ceilingBytes;

/** What the newest snapshot does not cover. */
export interface Uncovered {
  readonly entries: number;
  readonly bytes: number;
  /** Since the oldest of them was applied here. */
  readonly ageMs: number;
}

/**
 * Whether to save one now. As much log as the last snapshot had bytes costs each write a constant share, whatever the
 * size of the state; what is covered already needs none.
 */
export function isSnapshotDue(
  { entries, bytes, ageMs }: Uncovered,
  lastSnapshotBytes: number,
  floorBytes: number,
): boolean {
  if (entries === 0) return false;
  const enoughBytes = Math.min(ceilingBytes, Math.max(floorBytes, lastSnapshotBytes));
  const leftMs = Math.max(openingForEntriesMs, openingMs - lastSnapshotBytes / snapshotBytesPerMs);
  return bytes >= enoughBytes || entries >= leftMs * entriesPerMs || ageMs >= maxAgeMs;
}

/** A follower as its leader sees it. */
export interface FedFollower {
  readonly match: number;
  readonly pendingSnapshot: number;
  readonly ticksSinceContact: number;
}

/**
 * Up to where the log may be cut: `wanted`, but not what a follower in touch still needs, for it would need another
 * snapshot, and on a busy zone another after that.
 */
export function cutIndex(
  wanted: number,
  logBytes: number,
  followers: Iterable<FedFollower>,
  silentTicks: number,
): number {
  if (logBytes > keptForFollowersBytes) return wanted;
  let index = wanted;
  for (const { match, pendingSnapshot, ticksSinceContact } of followers) {
    if (ticksSinceContact < silentTicks) index = Math.min(index, Math.max(match, pendingSnapshot));
  }
  return index;
}
