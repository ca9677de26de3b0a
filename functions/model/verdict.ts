/** What a check of `volley doctor` found out. */
export interface Verdict {
  /** 'unknown' if the check could not find out */
  state: 'well' | 'fault' | 'unknown';
  detail: string;
  /** what the user should do */
  next?: string;
}

export const well = (detail: string): Verdict => ({ state: 'well', detail });
export const fault = (detail: string, next: string): Verdict => ({ state: 'fault', detail, next });
export const unknown = (detail: string, next: string): Verdict => ({
  state: 'unknown',
  detail,
  next,
});
