/** The screens of schedules, in one file for the browser. */

export { default as Schedule } from './schedule.tsx';
export { default as Schedules } from './schedules.tsx';
