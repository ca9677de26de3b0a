/** Stand-ins for Android's org.json, which keeps fields in the order in which they were put. */

package org.json

class JSONException(text: String) : RuntimeException(text)

class JSONArray(private val values: List<Any?> = emptyList()) {
    constructor(values: Collection<*>) : this(values.map(JSONObject.Companion::wrap))

    override fun toString() = values.joinToString(",", "[", "]", transform = ::written)
}

class JSONObject(private val fields: LinkedHashMap<String, Any> = LinkedHashMap()) {
    constructor(text: String) : this(Reader(text).whole())

    fun put(name: String, value: Any?): JSONObject {
        if (value == null) fields.remove(name) else fields[name] = value
        return this
    }
    operator fun get(name: String): Any = fields[name] ?: throw JSONException("No value for $name")
    fun getString(name: String): String = get(name).toString()
    fun optString(name: String): String = fields[name]?.toString() ?: ""
    fun optLong(name: String): Long = (fields[name] as? Number)?.toLong() ?: 0
    fun optDouble(name: String, other: Double): Double = (fields[name] as? Number)?.toDouble() ?: other
    fun optJSONObject(name: String): JSONObject? = fields[name] as? JSONObject
    fun has(name: String) = name in fields
    fun isNull(name: String) = fields[name] in listOf(null, NULL)
    fun keys(): Iterator<String> = fields.keys.iterator()
    fun remove(name: String): Any? = fields.remove(name)
    override fun toString() =
        fields.entries.joinToString(",", "{", "}") { "${written(it.key)}:${written(it.value)}" }

    companion object {
        @JvmField val NULL = object : Any() {
            override fun toString() = "null"
        }

        fun wrap(value: Any?): Any? = when (value) {
            null -> NULL
            is Map<*, *> -> JSONObject().apply { value.forEach { (name, it) -> put("$name", wrap(it)) } }
            is Collection<*> -> JSONArray(value)
            else -> value
        }
    }
}

private fun written(value: Any?): String = when (value) {
    is String -> value.map(::escaped).joinToString("", "\"", "\"")
    else -> value.toString()
}

// Android's JSONStringer escapes the slash as well
private fun escaped(it: Char): String = when {
    it == '"' || it == '\\' || it == '/' -> "\\$it"
    it < ' ' -> "\\u%04x".format(it.toInt())
    else -> it.toString()
}

/** Reads objects, texts, lists and numbers, as far as these tests write them. */
private class Reader(private val text: String) {
    private var at = 0

    fun whole(): LinkedHashMap<String, Any> = fields().also { if (at < text.length) fail() }

    private fun fields(): LinkedHashMap<String, Any> {
        val found = LinkedHashMap<String, Any>()
        list('{', '}') {
            val name = string()
            take(':')
            found[name] = value()
        }
        return found
    }

    private fun value(): Any = when (text.getOrNull(at)) {
        '"' -> string()
        '{' -> JSONObject(fields())
        '[' -> JSONArray(mutableListOf<Any?>().apply { list('[', ']') { add(value()) } } as List<Any?>)
        else -> word()
    }

    private fun list(open: Char, close: Char, item: () -> Unit) {
        take(open)
        while (text.getOrNull(at) != close) {
            item()
            if (text.getOrNull(at) != close) take(',')
        }
        take(close)
    }

    private fun string(): String {
        take('"')
        val found = StringBuilder()
        while (text.getOrNull(at) != '"') found.append(if (text[at] != '\\') text[at++] else escape())
        take('"')
        return found.toString()
    }

    private fun escape(): Char {
        at += 2
        if (text[at - 1] != 'u') return text[at - 1]
        at += 4
        return text.substring(at - 4, at).toInt(16).toChar()
    }

    private fun word(): Any {
        val found = Regex("[\\w.+-]+").find(text, at)?.takeIf { it.range.first == at }?.value ?: fail()
        at += found.length
        return when (found) {
            "null" -> JSONObject.NULL
            "true", "false" -> found == "true"
            else -> found.toLongOrNull() ?: found.toDoubleOrNull() ?: fail()
        }
    }

    private fun take(it: Char) {
        if (text.getOrNull(at++) != it) fail()
    }

    private fun fail(): Nothing = throw JSONException("at $at of a text of ${text.length}")
}
