/**
 * Conditions on FCM's topics, such as `'a' in topics && !('b' in topics || 'c' in topics)`. && and ||
 * have the same precedence; ! may only stand before parentheses.
 * https://firebase.google.com/docs/cloud-messaging/send-topic-messages
 */

/** "You can include up to five topics in your conditional expression" */
const MAX_TOPICS = 5;

/** A topic's name: "[a-zA-Z0-9-_.~%]+". FCM documents no length; its SDKs take 900 characters. */
export const topicName = '[\\w.~%-]{1,900}';

const token = new RegExp(
  `(?<operand>'${topicName}' +in +topics)|(?<operator>&&|\\|\\|)|(?<open>!? *\\()|(?<close>\\))`,
  'y',
);

/** Why the text is no condition, in words; null if it is one. Takes time linear in its length. */
export function conditionFault(text: string): string | null {
  let depth = 0;
  let topics = 0;
  let wantsOperand = true;
  for (let at = afterSpaces(text, 0); at < text.length; at = afterSpaces(text, token.lastIndex)) {
    token.lastIndex = at;
    const { operand, operator, open, close } = token.exec(text)?.groups ?? {};
    const opens = operand !== undefined || open !== undefined;
    const fits = opens ? wantsOperand : !wantsOperand;
    const known = opens || operator !== undefined || close !== undefined;
    if (!known || !fits || (close !== undefined && depth === 0))
      return `is no condition from character ${at + 1} on: it must be such as 'a' in topics && ('b' in topics || !('c' in topics))`;
    if (operand !== undefined) topics += 1;
    if (open !== undefined) depth += 1;
    if (close !== undefined) depth -= 1;
    wantsOperand = open !== undefined || operator !== undefined;
  }
  if (wantsOperand) return "ends where 'a' in topics is expected";
  if (depth > 0) return `has ${depth} ( without a )`;
  return topics > MAX_TOPICS ? `may name ${MAX_TOPICS} topics at most` : null;
}

function afterSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  return at;
}
