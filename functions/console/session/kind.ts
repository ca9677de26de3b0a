/** What the page of the console says of its deployment, before anything is asked. */
export interface Deployment {
  signIn: SignInKind;
  /** true if no device gets anything */
  simulated: boolean;
}

/** How people sign in. */
export type SignInKind =
  /** by a one-time code, on the machine of the server */
  | { kind: 'code' }
  /** as a Firebase user; all three are public */
  | { kind: 'google'; apiKey: string; projectId: string; clientId: string };
