package android.util

object Log {
    fun i(tag: String, text: String) = log("I", tag, text)
    fun w(tag: String, text: String) = log("W", tag, text)
    fun w(tag: String, text: String, error: Throwable) = log("W", tag, "$text: $error")

    private fun log(level: String, tag: String, text: String): Int {
        System.err.println("$level $tag: $text")
        return 0
    }
}
