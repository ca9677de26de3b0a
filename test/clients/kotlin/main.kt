/**
 * An app with the client, for tests: it does what the lines of its input say, and answers each with a line
 * when the client has nothing more to do. Arguments: the folder without backup, URL, key, app.
 */

package volley

import android.app.Activity
import android.app.Application
import android.app.NotificationManager
import android.content.Intent
import java.io.File
import java.net.HttpURLConnection
import java.util.Locale
import java.util.TimeZone
import org.json.JSONObject

fun main(arguments: Array<String>) {
    val (folder, url, key, app) = arguments
    allowPatch()
    var now = 0L
    Volley.now = { now }
    val application = Application(File(folder))
    while (true) {
        val (command, text) = ((readLine() ?: return) + " ").split(' ', limit = 2).map(String::trim)
        when (command) {
            "now" -> now = text.toLong()
            "language" -> Locale.setDefault(Locale.forLanguageTag(text))
            "zone" -> TimeZone.setDefault(TimeZone.getTimeZone(text))
            "permission" -> NotificationManager.isAllowed = text == "granted"
            "start" -> Volley.start(application, url, key, app)
            "token" -> Volley.token(text)
            "set" -> Volley.set(mapOf(*pairs(text)))
            "received" -> Volley.received(mapOf("volley" to text))
            "opened" -> show(application, Intent(mutableMapOf("volley" to text)))
            "dismissed" -> Volley.dismissed(Intent(mutableMapOf("volley" to text)))
            "hostile" -> show(application, Hostile())
            "shown" -> show(application, Intent())
            else -> throw IllegalArgumentException(command)
        }
        Volley.thread.submit {}.get()
        println("done")
    }
}

/** Another app may start an activity with what this one cannot read: `BadParcelableException`. */
private class Hostile : Intent() {
    override fun getStringExtra(name: String): String? = throw IllegalStateException("bad parcelable")
}

private fun show(application: Application, intent: Intent) {
    // the second time is a rotation of the screen
    for (time in 1..2) application.screens.forEach { it.onActivityResumed(Activity(intent)) }
}

private fun pairs(text: String): Array<Pair<String, Any?>> {
    val fields = JSONObject(text)
    return fields.keys().asSequence().map { it to fields[it] }.toList().toTypedArray()
}

/** Android's HttpURLConnection knows PATCH, Java's does not. */
private fun allowPatch() {
    val unsafe = sun.misc.Unsafe::class.java.getDeclaredField("theUnsafe").apply { isAccessible = true }
        .get(null) as sun.misc.Unsafe
    val methods = HttpURLConnection::class.java.getDeclaredField("methods")
    // initializes the class, which would set the field afterwards
    HttpURLConnection.getFollowRedirects()
    unsafe.putObject(
        unsafe.staticFieldBase(methods), unsafe.staticFieldOffset(methods), arrayOf("PATCH", "PUT", "POST"))
}
