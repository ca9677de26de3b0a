/** A notification of a browser, in the corner of a desktop. */

import { texts } from '../../../texts/texts.ts';
import { AppIcon, type FrameProps, Image, Text } from './parts.tsx';

export function WebToast({ picture, app }: FrameProps) {
  const isSeen = picture && (picture.title !== '' || picture.body !== '');
  return (
    <div class="desk">
      <div class="window" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
      {isSeen && (
        <div class="banner">
          <AppIcon app={app} />
          <div class="words">
            <Text kind="title" text={picture.title || app} />
            <Text kind="body" text={picture.body} />
            <p class="from">{texts.compose.preview.site}</p>
            <Image url={picture.imageUrl} />
          </div>
          <span class="close" aria-hidden="true" />
        </div>
      )}
    </div>
  );
}
