/** Installations: what an app says of itself on a device. */

import type { Installation } from '../model/installation.ts';

/** What became of the rows of an import: together they are all of them, but for `tokensMoved`. */
export interface ImportCounts {
  inserted: number;
  updated: number;
  /** were there already, just so, and were not written */
  unchanged: number;
  /** a later row of the same batch had their id, or their token */
  superseded: number;
  /** installations that were removed because a row has their token now */
  tokensMoved: number;
}

/** A row of an import. `refreshedAt` null: nobody knows; now, if its token is a new one. */
export type ImportedInstallation = Omit<Installation, 'refreshedAt'> & {
  refreshedAt: number | null;
};

export type InstallationName = Pick<Installation, 'app' | 'id'>;

/** What became of a part of the installations when it was brought into form. */
export interface Normalized {
  read: number;
  changed: number;
  /** had the token of another one, which was refreshed later */
  removed: number;
  /** the last that was read, after which the next call goes on; null: there were none */
  next: InstallationName | null;
}

export interface Installations {
  /** Upsert. A token belongs to one installation: another one that has it is removed. */
  putInstallations(batch: Installation[]): Promise<void>;
  /**
   * The same, but an installation that is there already, just so, is not written: `refreshedAt` is
   * compared only where it is later, `optedOut` only where it is said. All of them are marked as seen
   * by `run`, unless that is null or began more than 7 days ago.
   */
  importInstallations(
    batch: ImportedInstallation[],
    options: { run: string | null; now: number },
  ): Promise<ImportCounts>;
  /**
   * Removes those of an app that `run` has not seen, a part of the app at each call; `next` goes on
   * after it. Who registered since the run began is kept, and so is who has opted out: to come back
   * by a later import would end that. With `dryRun` they are only counted. Null: there is no such run, or
   * it began more than 7 days ago; what it has seen may be forgotten by then.
   */
  pruneInstallations(
    app: string,
    run: string,
    after: string | null,
    dryRun: boolean,
  ): Promise<{ found: number; next: string | null } | null>;
  /**
   * Brings what an earlier version stored into canonical form, of all apps, `limit` at each call, after
   * the `next` of the call before. Of two installations whose tokens become one, the one that was
   * refreshed last keeps it, and the other is removed. To do a part again changes nothing.
   */
  normalizeInstallations(after: InstallationName | null, limit: number): Promise<Normalized>;
  /** Reads, changes and puts in one transaction. `change` keeps the id and the app. */
  updateInstallation(
    app: string,
    id: string,
    change: (it: Installation) => Installation,
  ): Promise<Installation | null>;
  getInstallation(app: string, id: string): Promise<Installation | null>;
  deleteInstallation(app: string, id: string): Promise<boolean>;
  /** What the app's badge shows now, from which it is counted up; it begins at 0. */
  setBadge(app: string, id: string, count: number): Promise<void>;
}
