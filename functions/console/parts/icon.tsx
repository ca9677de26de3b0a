/** Drawn in a box of 16, with lines. */
const paths = {
  campaigns: 'M14 2 7.5 8.5M14 2l-4 12-2.5-5.5L2 6z',
  compose: 'M10.5 2.5l3 3L6 13l-3.5.5L3 10zM9 4l3 3',
  devices: 'M5 1.5h6a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM7 12.5h2',
  schedules: 'M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3',
  webhooks: 'M5 6.5 2.5 8 5 9.5M11 6.5 13.5 8 11 9.5M9 4 7 12',
  keys: 'M6 10a3 3 0 1 1 0-.01M8.5 8.5 13.5 3.5M11 6l1.5 1.5',
  health: 'M1.5 8.5h3l2-5 3 9 2-4h3',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  check: 'M3.5 8.5 6.5 11.5 12.5 5',
  back: 'M10 3.5 5.5 8 10 12.5',
  forward: 'M6 3.5 10.5 8 6 12.5',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5l3 3',
  plus: 'M8 3v10M3 8h10',
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
);
