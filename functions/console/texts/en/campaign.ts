/** One campaign: live, and its report. */

export const campaign = {
  back: 'Campaigns',
  live: 'Live',
  report: 'Report',
  pause: 'Pause',
  pausing: 'Pausing…',
  paused: (seconds: string) => `Paused: the last push left ${seconds} after you asked.`,
  resume: 'Resume',
  cancel: 'Cancel',
  cancelTitle: 'Cancel this campaign?',
  cancelMore: (left: string) =>
    `${left} recipients that are left get nothing. What was accepted cannot be taken back.`,
  cancelDo: 'Cancel the campaign',
  cancelNot: 'Keep it',
  ledger: {
    accepted: 'Accepted',
    failed: 'Failed',
    skipped: 'Skipped',
    pending: 'Planned',
    recipients: 'Recipients',
  },
};
