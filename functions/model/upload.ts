/** An upload: an audience that came as a file of names. */

/** What an upload names its recipients by. */
export const uploadKinds = ['installationIds', 'userIds', 'tokens'] as const;
export type UploadKind = (typeof uploadKinds)[number];

/** The names are stored once each, in the order of (bucketOf(name), name). */
export interface Upload {
  id: string;
  app: string;
  of: UploadKind;
  /** at least the number of its names; null until the upload is complete */
  size: number | null;
  createdAt: number;
  expiresAt: number;
}
