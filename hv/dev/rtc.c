// SPDX-License-Identifier: BSD-2-Clause
// MC146818-compatible real-time clock. Motorola MC146818A data sheet, "Registers"; Intel ICH10 datasheet, 13.6.

#include "dev/rtc.h"

#include <stdbool.h>

#include "core/log.h"
#include "lib/string.h"
#include "lib/time.h"
#include "x86/io.h"

// clang-format off
#define RTC_INDEX_PORT 0x70 // bit 7 (NMI off) stays 0
#define RTC_DATA_PORT  0x71
#define RTC_SECOND 0x00
#define RTC_MINUTE 0x02
#define RTC_HOUR   0x04
#define   RTC_HOUR_PM (1u << 7) // in 12-hour mode
#define RTC_DAY    0x07
#define RTC_MONTH  0x08
#define RTC_YEAR   0x09
#define RTC_A      0x0a
#define   RTC_A_UPDATING (1u << 7)
#define RTC_B      0x0b
#define   RTC_B_24H    (1u << 1)
#define   RTC_B_BINARY (1u << 2)
// clang-format on

#define CMOS_INDEX_MAX 0x7fu

// An update is announced 244 us ahead and takes 2 ms; a read takes a microsecond or so on hardware.
#define UPDATE_READS 20000u
#define READ_TRIES 5u
#define CENTURY_PIVOT 70u // two-digit years below it are 20xx

#define SECONDS_PER_DAY 86400u
#define SECONDS_PER_HOUR 3600u

struct rtc_registers {
    uint8_t second, minute, hour, day, month, year, century, mode;
};

static uint8_t get(uint8_t index)
{
    io_out8(RTC_INDEX_PORT, index);
    return io_in8(RTC_DATA_PORT);
}

static bool wait_for_update(void)
{
    for (uint32_t reads = 0; reads < UPDATE_READS; reads++)
        if ((get(RTC_A) & RTC_A_UPDATING) == 0)
            return true;
    return false;
}

static struct rtc_registers read_once(uint8_t century_register)
{
    return (struct rtc_registers){
        .second = get(RTC_SECOND),
        .minute = get(RTC_MINUTE),
        .hour = get(RTC_HOUR),
        .day = get(RTC_DAY),
        .month = get(RTC_MONTH),
        .year = get(RTC_YEAR),
        .century = century_register != 0 ? get(century_register) : 0,
        .mode = get(RTC_B),
    };
}

// Two equal readings in a row: an update may begin just after it was seen not to be under way.
static bool read_stable(uint8_t century_register, struct rtc_registers *registers)
{
    for (uint32_t tries = 0; tries < READ_TRIES; tries++) {
        if (!wait_for_update())
            return false;
        *registers = read_once(century_register);
        struct rtc_registers again = read_once(century_register);
        if (memcmp(registers, &again, sizeof(again)) == 0)
            return true;
    }
    return false;
}

// A BCD byte as a number; values that are none come out above 99 and are refused by the range checks.
static uint32_t from_bcd(uint8_t value)
{
    uint32_t high = value >> 4, low = value & 0xfu;
    return high <= 9 && low <= 9 ? high * 10 + low : UINT8_MAX;
}

struct date {
    uint32_t year, month, day, hour, minute, second;
};

static struct date decode(const struct rtc_registers *registers)
{
    bool binary = (registers->mode & RTC_B_BINARY) != 0;
    bool is_24h = (registers->mode & RTC_B_24H) != 0;
    uint8_t hour_digits = is_24h ? registers->hour : (uint8_t)(registers->hour & ~RTC_HOUR_PM);
    struct date date = {
        .year = binary ? registers->year : from_bcd(registers->year),
        .month = binary ? registers->month : from_bcd(registers->month),
        .day = binary ? registers->day : from_bcd(registers->day),
        .hour = binary ? hour_digits : from_bcd(hour_digits),
        .minute = binary ? registers->minute : from_bcd(registers->minute),
        .second = binary ? registers->second : from_bcd(registers->second),
    };
    if (!is_24h) { // 12 is the hour before 1
        bool valid = date.hour >= 1 && date.hour <= 12;
        date.hour = valid ? date.hour % 12 + ((registers->hour & RTC_HOUR_PM) != 0 ? 12 : 0) : UINT8_MAX;
    }
    uint32_t century = binary ? registers->century : from_bcd(registers->century);
    if (date.year > 99)
        date.year = 0; // refused below, as no year of this clock is
    else if (century >= 19 && century <= 22)
        date.year += century * 100;
    else // no such register, or one that nobody keeps
        date.year += date.year < CENTURY_PIVOT ? 2000 : 1900;
    return date;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool is_valid(const struct date *date)
{
    return date->year >= 1970 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
           date->day <= days_in_month(date->year, date->month) && date->hour < 24 && date->minute < 60 &&
           date->second < 60;
}

// Days from 1970-01-01 to the date, counted plainly: a few hundred steps, once.
static uint32_t days_since_1970(const struct date *date)
{
    uint32_t days = date->day - 1;
    for (uint32_t year = 1970; year < date->year; year++)
        days += 337 + days_in_month(year, 2); // all months but February have 337 days
    for (uint32_t month = 1; month < date->month; month++)
        days += days_in_month(date->year, month);
    return days;
}

uint64_t rtc_read_ns(uint8_t century_register)
{
    struct rtc_registers registers;
    if (century_register > CMOS_INDEX_MAX)
        century_register = 0;
    if (!read_stable(century_register, &registers)) {
        log_warn("rtc: no steady reading, so there is no clock: the wall time is not known");
        return 0;
    }
    struct date date = decode(&registers);
    if (!is_valid(&date)) {
        log_warn("rtc: %04u-%02u-%02u %02u:%02u:%02u is no date: the wall time is not known", date.year,
                 date.month, date.day, date.hour, date.minute, date.second);
        return 0;
    }
    log_info("rtc: %04u-%02u-%02u %02u:%02u:%02u UTC", date.year, date.month, date.day, date.hour,
             date.minute, date.second);
    uint64_t seconds = (uint64_t)days_since_1970(&date) * SECONDS_PER_DAY + date.hour * SECONDS_PER_HOUR +
                       date.minute * 60 + date.second;
    return seconds * NSEC_PER_SEC;
}
