/**
 * Topics and conditions, parsed as FCM parses them.
 * https://firebase.google.com/docs/cloud-messaging/send-topic-messages
 */

const MAX_TOPICS = 5;
const MAX_DEPTH = 100;

export const isTopic = (name: string) => /^[a-zA-Z0-9-_.~%]{1,900}$/.test(name);

/** expression = term *(("&&" / "||") term); term = ["!"] "(" expression ")" / name " in topics" */
export function isCondition(text: string): boolean {
  const tokens = text.match(/'[^']*' +in +topics(?![a-zA-Z0-9_])|&&|\|\||[!()]|[^ ]/g) ?? [];
  let next = 0;
  let topics = 0;

  function expression(depth: number): boolean {
    if (depth > MAX_DEPTH || !term(depth)) return false;
    while (tokens[next] === '&&' || tokens[next] === '||') {
      next += 1;
      if (!term(depth)) return false;
    }
    return true;
  }

  function term(depth: number): boolean {
    const token = tokens[next++];
    if (token === '!') return tokens[next] === '(' && term(depth);
    if (token === '(') return expression(depth + 1) && tokens[next++] === ')';
    topics += 1;
    return token?.startsWith("'") === true && isTopic(token.slice(1, token.indexOf("'", 1)));
  }

  return expression(0) && next === tokens.length && topics <= MAX_TOPICS;
}
