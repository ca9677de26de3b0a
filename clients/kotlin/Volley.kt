// Volley for Android: one file to copy into an app. docs/clients/kotlin.md says how.
//
// It registers the device, keeps its token, language, time zone and permission current, and reports what
// became of pushes. It speaks version 1 of Volley's API. It needs Android 7 (API 24) or later, Kotlin 1.3 or
// later and nothing else.
//
// Seen to work, by test/clients/native.test.ts: compiled by Kotlin 1.3 and 2.4 against stand-ins of the Android
// classes, with requests to a real server. Not seen: the Android SDK, for which a job of the workflow `ci`
// compiles it, and a phone.
//
// Any thread may call it. It does its work on a thread of its own, and no fault of it reaches the app.

package volley

import android.app.Activity
import android.app.Application
import android.app.NotificationManager
import android.content.Context
import android.content.Intent
import android.os.Bundle
import android.util.Log
import java.io.File
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.URL
import java.net.URLEncoder
import java.security.MessageDigest
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone
import java.util.UUID
import java.util.concurrent.Executors
import java.util.concurrent.Future
import java.util.concurrent.TimeUnit
import org.json.JSONArray
import org.json.JSONObject

object Volley {
    private const val CLIENT = "volley-kotlin/1 (api 1)"
    /** A device that opens the app registers again after so many ms, also if nothing has changed. */
    private const val REFRESH_MS = 28L * 24 * 60 * 60 * 1000
    /** A registration that the server refused is tried again after a day, or when it changes. */
    private const val REFUSED_MS = 24L * 60 * 60 * 1000
    private const val FIRST_WAIT_MS = 30_000L
    private const val LONGEST_WAIT_MS = 60L * 60 * 1000
    private const val TIMEOUT_MS = 10_000
    /** Receipts of a call, and receipts that are kept; more are not kept. */
    private const val CALL_RECEIPTS = 50
    private const val KEPT_RECEIPTS = 500
    /** The share of devices that report `delivered`, unless the push says another. */
    private const val DELIVERED_SHARE = 0.02
    /** Answers after which the same receipt would be refused again. */
    private val NEVER = setOf(400, 413, 415, 422)

    internal val thread = Executors.newSingleThreadScheduledExecutor { work ->
        Thread(work, "volley").apply { isDaemon = true }
    }
    /** For tests. */
    internal var now = { System.currentTimeMillis() }
    private var timer: Future<*>? = null
    private lateinit var context: Application
    private lateinit var url: String
    private lateinit var key: String
    private lateinit var app: String
    private var failures = 0
    private var retryAfter: Long? = null

    /** Call it in `Application.onCreate`. `key` has the scope `register`; `app` is the app's name in Volley. */
    fun start(application: Application, url: String, key: String, app: String = "default") {
        context = application
        this.url = url.trimEnd('/')
        this.key = key
        this.app = app
        application.registerActivityLifecycleCallbacks(Screens)
        work { sync() }
    }

    /** The token of Firebase Cloud Messaging. */
    fun token(token: String) = work {
        write(state().put("token", token))
        sync()
    }

    /**
     * Fields of the registration that the app knows, such as `userId`, `tags`, `attributes`, `country` and
     * `optedOut`; a value replaces the one before, and null removes it. They are kept.
     */
    fun set(fields: Map<String, Any?>) = work {
        val all = state()
        val kept = all.optJSONObject("fields") ?: JSONObject()
        for ((name, value) in fields) kept.put(name, JSONObject.wrap(value) ?: JSONObject.NULL)
        write(all.put("fields", kept))
        sync()
    }

    /** `RemoteMessage.data`, in `onMessageReceived`: the device got the push. */
    fun received(data: Map<String, String>) = report("delivered", data["volley"])

    /** People tapped the notification. Activities that Android starts by it are seen without this. */
    fun opened(intent: Intent?) = quietly {
        report("opened", intent?.getStringExtra("volley"))
        intent?.removeExtra("volley")
    }

    /** People swiped away a notification that the app itself has built (`setDeleteIntent`). */
    fun dismissed(intent: Intent?) = quietly { report("dismissed", intent?.getStringExtra("volley")) }

    private fun report(kind: String, text: String?) {
        if (text == null) return
        work {
            val push = JSONObject(text)
            val share = push.optDouble("d", DELIVERED_SHARE)
            if (kind != "delivered" || isSampled(id(), share)) keep(push.getString("c"), kind)
            sync()
        }
    }

    /** The first four bytes of the id's SHA-256, as the server counts them. */
    private fun isSampled(id: String, share: Double): Boolean {
        val hash = MessageDigest.getInstance("SHA-256").digest(id.toByteArray())
        val bucket = hash.take(4).fold(0L) { sum, byte -> sum * 256 + (byte.toLong() and 0xff) }
        return bucket < share * 4_294_967_296.0
    }

    /** A receipt is a file until the server has it. Its name makes a repeat harmless. */
    private fun keep(campaign: String, kind: String) {
        val file = File(folder("receipts"), "$kind~$campaign")
        if (!Regex("[\\w.:-]{1,128}").matches(campaign) || file.exists()) return
        if (kept().size < KEPT_RECEIPTS) replace(file, rfc3339(Date(now())))
    }

    private fun kept() =
        folder("receipts").listFiles().orEmpty().filter { '~' in it.name }.sortedBy { it.name }

    /** Sends what is due. After a failure it waits, as long as the server says. */
    private fun sync() {
        val now = now()
        val wait = state().optLong("notBefore") - now
        if (wait in 1..LONGEST_WAIT_MS) return later(wait)
        if (register(now) && flush()) {
            failures = 0
            return
        }
        val own = minOf(FIRST_WAIT_MS shl minOf(failures++, 10), LONGEST_WAIT_MS)
        val next = minOf(retryAfter?.times(1000) ?: own, LONGEST_WAIT_MS)
        write(state().put("notBefore", now + next))
        later(next)
    }

    /** False if the server could not be asked. */
    private fun register(now: Long): Boolean {
        val all = state()
        val token = all.optString("token")
        if (token.isEmpty()) return true
        val wanted = device().put("token", token)
        all.optJSONObject("fields")?.let { own -> own.keys().forEach { wanted.put(it, own[it]) } }
        val text = wanted.toString()
        if (text == all.optString("sent") && now - all.optLong("at") in 0 until REFRESH_MS) return true

        // a change leaves what a server has stored of the device as it is, such as its tags
        val path = "/v1/installations/${id()}"
        var status = if (!all.has("sent")) 404 else
            send("PATCH", "$path?app=${URLEncoder.encode(app, "UTF-8")}", wanted)
        if (status == 404) {
            status = send("PUT", path, withoutNulls(wanted).put("app", app))
        }
        if (isLater(status)) return false
        val at = if (status < 300) now else now - REFRESH_MS + REFUSED_MS
        write(state().put("sent", text).put("at", at))
        return true
    }

    private fun withoutNulls(it: JSONObject): JSONObject {
        it.keys().asSequence().toList().filter(it::isNull).forEach { name -> it.remove(name) }
        it.optJSONObject("attributes")?.let(::withoutNulls)
        return it
    }

    private fun device(): JSONObject {
        val zone = TimeZone.getDefault().id
        val version = context.packageManager.getPackageInfo(context.packageName, 0).versionName
        val notifications = context.getSystemService(Context.NOTIFICATION_SERVICE) as NotificationManager
        return JSONObject()
            .put("platform", "android")
            // without Android's own extensions, which make it too long: en-US-u-fw-mon-mu-celsius
            .put("language", Locale.getDefault().toLanguageTag().replace(Regex("-[ux]-.*"), ""))
            // not GMT+02:00, which is no name of a zone
            .put("timeZone", if ('/' in zone || zone == "UTC") zone else JSONObject.NULL)
            .put("appVersion", version?.take(64) ?: JSONObject.NULL)
            .put("permission", if (notifications.areNotificationsEnabled()) "granted" else "denied")
    }

    /** False if some are left. If several are refused, each is sent alone, so only the bad one is dropped. */
    private fun flush(): Boolean {
        var most = CALL_RECEIPTS
        while (true) {
            val files = kept().take(most)
            if (files.isEmpty()) return true
            val receipts = files.map { file ->
                val (kind, campaign) = file.name.split('~', limit = 2)
                JSONObject().put("installationId", id()).put("campaignId", campaign)
                    .put("kind", kind).put("at", file.readText())
            }
            val status = send("POST", "/v1/receipts", JSONObject().put("receipts", JSONArray(receipts)))
            if (status in NEVER && files.size > 1) most = 1
            else if (status in 200..299 || status in NEVER) files.forEach { it.delete() }
            else return false
        }
    }

    private fun isLater(status: Int) = status == 0 || status == 429 || status >= 500

    /** The status of the answer; 0 if there is none. */
    private fun send(method: String, path: String, body: JSONObject): Int {
        retryAfter = null
        try {
            val connection = URL(url + path).openConnection() as HttpURLConnection
            connection.requestMethod = method
            connection.connectTimeout = TIMEOUT_MS
            connection.readTimeout = TIMEOUT_MS
            connection.setRequestProperty("Authorization", "Bearer $key")
            connection.setRequestProperty("Content-Type", "application/json")
            connection.setRequestProperty("User-Agent", CLIENT)
            // the key goes to the API alone
            connection.instanceFollowRedirects = false
            connection.doOutput = true
            connection.outputStream.use { it.write(body.toString().toByteArray()) }
            val status = connection.responseCode
            retryAfter = connection.getHeaderField("Retry-After")?.toLongOrNull()
            if (status >= 400) Log.w("Volley", "$method: $status ${connection.errorStream?.let(::beginOf)}")
            connection.disconnect()
            return status
        } catch (error: IOException) {
            Log.i("Volley", "$method: no answer (${error.javaClass.simpleName})")
            return 0
        }
    }

    private fun beginOf(answer: InputStream): String {
        val text = CharArray(1000)
        return answer.reader().use { String(text, 0, maxOf(0, it.read(text))) }
    }

    /** Made once, and gone with the app. */
    private fun id(): String {
        val file = File(folder(), "id")
        if (!file.exists()) replace(file, UUID.randomUUID().toString())
        return file.readText()
    }

    private fun state() =
        File(folder(), "state").let { if (it.exists()) JSONObject(it.readText()) else JSONObject() }

    private fun write(state: JSONObject) = replace(File(folder(), "state"), state.toString())

    /** Not in backups, unlike SharedPreferences: a second device must not take over the id of the first. */
    private fun folder(part: String = "") =
        File(context.noBackupFilesDir, "volley/$part").apply { mkdirs() }

    /** The file has the old text or the new one, whenever the process dies. */
    private fun replace(file: File, text: String) {
        val next = File(folder(), "${UUID.randomUUID()}.new")
        next.writeText(text)
        if (!next.renameTo(file)) next.delete()
    }

    private fun rfc3339(date: Date) = SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
        .apply { timeZone = TimeZone.getTimeZone("UTC") }.format(date)

    private fun later(ms: Long) {
        timer?.cancel(false)
        timer = thread.schedule({ quietly { sync() } }, ms, TimeUnit.MILLISECONDS)
    }

    private fun work(run: () -> Unit) = thread.execute { quietly(run) }

    private fun quietly(run: () -> Unit) {
        try {
            run()
        } catch (error: Throwable) {
            // also an Error: a push of others may be nested so deeply that reading it overflows the stack
            Log.w("Volley", "a fault of Volley's client", error)
        }
    }

    /** Notifications that Android shows start an activity, with the push's data as extras. */
    private object Screens : Application.ActivityLifecycleCallbacks {
        override fun onActivityResumed(activity: Activity) {
            opened(activity.intent)
            work { sync() }
        }
        override fun onActivityCreated(activity: Activity, state: Bundle?) {}
        override fun onActivityStarted(activity: Activity) {}
        override fun onActivityPaused(activity: Activity) {}
        override fun onActivityStopped(activity: Activity) {}
        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) {}
        override fun onActivityDestroyed(activity: Activity) {}
    }
}
