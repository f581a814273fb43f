// What scripts/compare measures the reading of a review against, where simdjson is installed: its on-demand parser
// finds the uid, the labels and the images, and does nothing with them.
//
//     simdjson FILE SECONDS      prints the median time of one reading in nanoseconds
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace simdjson;

static size_t read(ondemand::parser &parser, const padded_string &text) {
    size_t found = 0;
    ondemand::document document = parser.iterate(text);
    ondemand::object request = document["request"];
    found += std::string_view(request["uid"]).size();
    ondemand::object object = request["object"];
    for (auto field : object) {
        std::string_view key = field.unescaped_key();
        if (key == "metadata") {
            for (auto part : field.value().get_object()) {
                if (std::string_view(part.unescaped_key()) != "labels") continue;
                for (auto label : part.value().get_object()) found += std::string_view(label.value()).size();
            }
        } else if (key == "spec") {
            for (auto part : field.value().get_object()) {
                if (std::string_view(part.unescaped_key()) != "containers") continue;
                for (auto container : part.value().get_array()) {
                    found += std::string_view(container["image"]).size();
                }
            }
        }
    }
    return found;
}

int main(int count, char **arguments) {
    if (count != 3) {
        std::fputs("simdjson FILE SECONDS\n", stderr);
        return 2;
    }
    using Clock = std::chrono::steady_clock;
    auto nanoseconds = [](Clock::duration time) {
        return double(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
    };
    const padded_string text = padded_string::load(arguments[1]);
    ondemand::parser parser;
    size_t sum = read(parser, text);
    size_t size = 1;
    auto batch = [&] {
        auto start = Clock::now();
        for (size_t index = 0; index < size; index++) sum += read(parser, text);
        return nanoseconds(Clock::now() - start);
    };
    double time = batch();
    while (time < 1e7) {
        size *= 2;
        time = batch();
    }
    std::vector<double> times{time / double(size)};
    auto end = Clock::now() + std::chrono::duration<double>(std::atof(arguments[2]));
    while (times.size() < 3 || Clock::now() < end) times.push_back(batch() / double(size));
    std::sort(times.begin(), times.end());
    std::printf("%f\n", times[times.size() / 2]);
    return sum == 0;
}
