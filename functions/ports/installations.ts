/** Installations: one app on one device, as the app registered it. */

import type { Installation } from '../model/installation.ts';
import type { Page } from './page.ts';

/** What an import did with its rows. All but `tokensMoved` add up to the number of rows. */
export interface ImportCounts {
  inserted: number;
  updated: number;
  /** stored with the same fields already, so not written */
  unchanged: number;
  /** a later row of the same batch has the same id or token */
  superseded: number;
  /** installations that were removed, since a row has their token now */
  tokensMoved: number;
}

/** A row of an import. `refreshedAt` null means unknown: a new token counts as refreshed now. */
export type ImportedInstallation = Omit<Installation, 'refreshedAt'> & {
  refreshedAt: number | null;
};

export type InstallationName = Pick<Installation, 'app' | 'id'>;

/** What one call of `normalizeInstallations` did. */
export interface Normalized {
  read: number;
  changed: number;
  /** removed, since another installation with the same token was refreshed later */
  removed: number;
  /** the last installation that was read: the next call goes on after it. null at the end */
  next: InstallationName | null;
}

export interface Installations {
  /** Inserts or replaces. A token belongs to one installation: any other that has it is removed. */
  putInstallations(batch: Installation[]): Promise<void>;
  /**
   * Like `putInstallations`, but does not write a row that is stored with the same fields. `refreshedAt`
   * counts only if it is later than the stored one, `optedOut` only if the row has it. Marks all rows as
   * seen by `run`, unless that is null or began more than 7 days ago. `now` is in ms.
   */
  importInstallations(
    batch: ImportedInstallation[],
    options: { run: string | null; now: number },
  ): Promise<ImportCounts>;
  /**
   * Removes an app's installations that `run` has not seen, one part of the app at each call; the next
   * call takes `next`. Keeps those that registered since the run began, and those that have opted out: a
   * later import would bring them back as opted in. With `dryRun` it only counts. Null if there is no such
   * run, or if it began more than 7 days ago: its marks may have expired. Throws `BadCursor`.
   */
  pruneInstallations(
    app: string,
    run: string,
    after: string | null,
    dryRun: boolean,
  ): Promise<{ found: number; next: string | null } | null>;
  /**
   * Brings installations that an earlier version stored into canonical form: all apps, `limit` at each
   * call, after the `next` of the call before. If two tokens become the same, the installation that was
   * refreshed last keeps it and the other is removed. A repeated call changes nothing.
   */
  normalizeInstallations(after: InstallationName | null, limit: number): Promise<Normalized>;
  /**
   * Reads, changes and puts in one transaction; null if there is none. `change` keeps the id and
   * the app.
   */
  updateInstallation(
    app: string,
    id: string,
    change: (it: Installation) => Installation,
  ): Promise<Installation | null>;
  /** Null if there is no such installation. */
  getInstallation(app: string, id: string): Promise<Installation | null>;
  /**
   * Lists a user's installations of an app in the order of (bucket, id), those that have opted out too.
   * Throws `BadCursor`.
   */
  installationsOfUser(
    app: string,
    userId: string,
    after: string | null,
    limit: number,
  ): Promise<Page<Installation>>;
  /** The app's installations that have one of at most 10 tokens, opted out or not. */
  installationsWithTokens(app: string, tokens: string[]): Promise<Installation[]>;
  /** False if there is no such installation. */
  deleteInstallation(app: string, id: string): Promise<boolean>;
  /** Stores what the app's badge shows now. Later pushes count up from it; it begins at 0. */
  setBadge(app: string, id: string, count: number): Promise<void>;
}
