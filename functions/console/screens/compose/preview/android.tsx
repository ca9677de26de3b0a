/** The shade of an Android phone. */

import { serverNow } from '../../../api/client.ts';
import { phoneIn } from '../draft/language.ts';
import { AppIcon, type FrameProps, Image, Text } from './parts.tsx';

export function AndroidPhone({ picture, app }: FrameProps) {
  const phone = phoneIn(picture?.language ?? null, serverNow());
  const isSeen = picture && (picture.title !== '' || picture.body !== '');
  return (
    <div class="phone">
      <div class="glass">
        <div class="status" aria-hidden="true">
          <span>9:41</span>
          <span class="camera" />
          <span class="signals">
            <i />
            <i />
            <i />
          </span>
        </div>
        <div class="tiles" aria-hidden="true">
          <span class="on" />
          <span class="on" />
          <span />
          <span />
        </div>
        {isSeen && (
          <div class="banner">
            <AppIcon app={app} />
            <div class="words">
              <p class="from">
                <bdi>{app}</bdi> · {phone.now}
              </p>
              <Text kind="title" text={picture.title} />
              <Text kind="body" text={picture.body} />
              <Image url={picture.imageUrl} />
            </div>
          </div>
        )}
      </div>
    </div>
  );
}
