import { useState } from 'preact/hooks';
import { texts } from '../texts/texts.ts';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { announce } from './live-region.tsx';

/** A text with a button that copies it. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        announce(texts.parts.copied);
      },
      // the browser refuses: the text can be selected
      () => setCopied(false),
    );
  return (
    <div class="copyable">
      <code>{text}</code>
      <Button small onClick={() => void copy()}>
        {isCopied ? texts.parts.copied : texts.parts.copy}
        <span class="unseen"> {label}</span>
      </Button>
    </div>
  );
}

interface Props {
  title: string;
  text: string;
  secret: string;
  onClose: () => void;
}

/** A secret that the API shows once. */
export const SecretDialog = ({ title, text, secret, onClose }: Props) => (
  <Dialog title={title} onClose={onClose}>
    <p class="muted">{text}</p>
    <Copyable text={secret} label={title} />
    <div class="actions">
      <Button kind="primary" onClick={onClose}>
        {texts.parts.kept}
      </Button>
    </div>
  </Dialog>
);
