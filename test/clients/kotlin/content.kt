package android.content

import android.app.NotificationManager
import android.content.pm.PackageManager
import java.io.File

abstract class Context(val noBackupFilesDir: File) {
    val packageName = "com.example.shop"
    val packageManager = PackageManager()

    fun getSystemService(name: String): Any? = if (name == NOTIFICATION_SERVICE) NotificationManager else null

    companion object {
        const val NOTIFICATION_SERVICE = "notification"
    }
}

open class Intent(private val extras: MutableMap<String, String> = mutableMapOf()) {
    open fun getStringExtra(name: String): String? = extras[name]
    fun removeExtra(name: String) {
        extras.remove(name)
    }
}
