/** The screens of devices, in one file for the browser. */

export { default as Device } from './device.tsx';
export { default as Devices } from './devices.tsx';
