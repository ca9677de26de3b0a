/** An upload: an audience that came as a file of names. */

/** What the names of an upload are. */
export const uploadKinds = ['installationIds', 'userIds', 'tokens'] as const;
export type UploadKind = (typeof uploadKinds)[number];

/** An audience that came as a file: names, each once, in the order of (bucketOf(name), name). */
export interface Upload {
  id: string;
  app: string;
  of: UploadKind;
  /** at least the number of its names; null while they still come */
  size: number | null;
  createdAt: number;
  expiresAt: number;
}
