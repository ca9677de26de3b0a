/** A provider's reason for not accepting a push. */

/**
 * rejected      this token is refused, finally
 * suspect       as rejected; if many tokens get it, our environment, topic or project is wrong
 * unregistered  the app is gone from the device; only this class makes us forget the token
 * token         rejected if the provider names the token as the fault, else blocked
 * blocked       the message, the credential or the topic is at fault: every device would get it
 * device        try this device again later
 * service       try all devices again later
 */
type ReasonClass =
  | 'rejected'
  | 'suspect'
  | 'unregistered'
  | 'token'
  | 'blocked'
  | 'device'
  | 'service';

export interface Reason {
  /** of HTTP */
  status: number;
  class: ReasonClass;
  /** the end of a sentence */
  meaning: string;
  /** what to do, where it is not what the outcome alone asks for */
  next?: string;
}

export const reason = <C extends ReasonClass>(
  status: number,
  it: C,
  meaning: string,
  next?: string,
): Reason & { class: C } => ({ status, class: it, meaning, ...(next !== undefined && { next }) });
