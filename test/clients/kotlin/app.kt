/** Stand-ins for the classes of the Android SDK that the client uses, as far as it uses them. */

package android.app

import android.content.Context
import android.content.Intent
import android.os.Bundle
import java.io.File

class Application(noBackupFilesDir: File) : Context(noBackupFilesDir) {
    val screens = mutableListOf<ActivityLifecycleCallbacks>()

    fun registerActivityLifecycleCallbacks(callbacks: ActivityLifecycleCallbacks) {
        screens += callbacks
    }

    interface ActivityLifecycleCallbacks {
        fun onActivityCreated(activity: Activity, state: Bundle?)
        fun onActivityStarted(activity: Activity)
        fun onActivityResumed(activity: Activity)
        fun onActivityPaused(activity: Activity)
        fun onActivityStopped(activity: Activity)
        fun onActivitySaveInstanceState(activity: Activity, state: Bundle)
        fun onActivityDestroyed(activity: Activity)
    }
}

class Activity(val intent: Intent?)

object NotificationManager {
    @Volatile var isAllowed = true
    fun areNotificationsEnabled() = isAllowed
}
