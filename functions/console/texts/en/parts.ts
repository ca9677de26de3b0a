/** What several screens say. */

export const parts = {
  keep: 'Keep it',
  cancel: 'Cancel',
  save: 'Save',
  copy: 'Copy',
  copied: 'Copied',
  kept: 'I have kept it',
  more: 'Show more',
  none: 'None',
};
