/* Arduino's String, as far as libraries use it. On the heap; when that is exhausted, the program stops. */
#ifndef WString_h
#define WString_h

#include <stddef.h>
#include <stdint.h>

class __FlashStringHelper;
#define F(text) (reinterpret_cast<const __FlashStringHelper *>(text))

class String {
  public:
    String(const char *text = "");
    String(const __FlashStringHelper *text);
    String(const String &other);
    String(String &&other) noexcept;
    explicit String(char value);
    explicit String(int value, int base = 10);
    explicit String(unsigned int value, int base = 10);
    explicit String(long value, int base = 10);
    explicit String(unsigned long value, int base = 10);
    explicit String(double value, int digits = 2);
    ~String();

    String &operator=(const String &other);
    String &operator=(String &&other) noexcept;

    const char *c_str() const {
        return text;
    }
    size_t length() const {
        return size;
    }
    bool reserve(size_t bytes);

    char operator[](size_t index) const {
        return charAt(index);
    }
    char &operator[](size_t index) {
        return text[index];
    }
    char charAt(size_t index) const {
        return index < size ? text[index] : '\0';
    }

    bool concat(const char *other, size_t bytes);
    bool concat(const char *other);
    bool concat(const String &other) {
        return concat(other.text, other.size);
    }
    bool concat(char value) {
        return concat(&value, 1);
    }

    template <class T> String &operator+=(const T &other) {
        concat(String(other));
        return *this;
    }

    bool operator==(const String &other) const {
        return compareTo(other) == 0;
    }
    bool operator!=(const String &other) const {
        return compareTo(other) != 0;
    }
    bool operator<(const String &other) const {
        return compareTo(other) < 0;
    }
    bool equals(const String &other) const {
        return compareTo(other) == 0;
    }
    int compareTo(const String &other) const;
    bool startsWith(const String &prefix) const;
    bool endsWith(const String &suffix) const;

    int indexOf(char value, size_t from = 0) const;
    int indexOf(const String &other, size_t from = 0) const;
    String substring(size_t from) const {
        return substring(from, size);
    }
    String substring(size_t from, size_t to) const;
    void trim();
    void toLowerCase();
    void toUpperCase();

    long toInt() const;
    float toFloat() const;
    double toDouble() const;

  private:
    char *text;
    size_t size;
    size_t capacity;
};

String operator+(const String &left, const String &right);

template <class T> String operator+(const String &left, T right) {
    return left + String(right);
}

#endif
