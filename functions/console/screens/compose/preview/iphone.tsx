/** The lock screen of an iPhone. */

import { serverNow } from '../../../api/client.ts';
import { texts } from '../../../texts/texts.ts';
import { phoneIn } from '../draft/language.ts';
import { AppIcon, type FrameProps, Image, Text } from './parts.tsx';

const words = texts.compose.preview;

export function Iphone({ picture, app }: FrameProps) {
  const phone = phoneIn(picture?.language ?? null, serverNow());
  const isSeen = picture && (picture.title !== '' || picture.body !== '');
  const isUrgent =
    picture?.interruption === 'time-sensitive' || picture?.interruption === 'critical';
  return (
    <div class="phone">
      <div class="glass">
        <div class="island" aria-hidden="true" />
        <div class="lock" aria-hidden="true">
          <p class="day">{phone.day}</p>
          <p class="clock">9:41</p>
        </div>
        {isSeen && (
          <div class="banner">
            <AppIcon app={app} />
            <div class="words">
              {isUrgent && (
                <p class="urgent">{words.interruptions[picture.interruption as 'critical']}</p>
              )}
              <div class="line">
                <Text kind="title" text={picture.title || app} />
                <span class="now">{phone.now}</span>
              </div>
              <Text kind="subtitle" text={picture.subtitle} />
              <Text kind="body" text={picture.body} />
            </div>
            <Image url={picture.imageUrl} />
          </div>
        )}
      </div>
    </div>
  );
}
