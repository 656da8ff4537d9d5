// Names that break a rule, and which one: each line is a test case.
#pragma once

#include "protocol/standard/rules.hpp"

#include <string>
#include <vector>

namespace relay::test {

struct WrongName {
    std::string name;
    protocol::standard::Rule rule; ///< the first that is told
};

inline std::vector<WrongName> wrong_names() {
    using enum protocol::standard::Rule;
    const std::string a_nul("a\0b.pdf", 7);
    const std::string tail = "0300000100_43_0300000005_11_20191025200201";
    const std::string old_tail = "0300000100_0300000005_20191025200201";
    return {
        // clang-format off
        // what no computer likes
        {"", name_general}, {".", name_general}, {"..", name_general}, {".pdf", name_general}, {"plan.pdf.", name_general},
        {"plan.pdf ", name_general}, {" plan.pdf", name_general}, {"a/b.pdf", name_general}, {"a\\b.pdf", name_general},
        {"c:plan.pdf", name_general}, {"a*.pdf", name_general}, {"a?.pdf", name_general}, {"a\"b.pdf", name_general},
        {"a<b.pdf", name_general}, {"a>b.pdf", name_general}, {"a|b.pdf", name_general}, {a_nul, name_general},
        {"a\nb.pdf", name_general}, {"a\x1f.pdf", name_general}, {"a\x7f.pdf", name_general},
        {"a\xC2\x85.pdf", name_general}, {"../plan.pdf", name_general}, {"/etc/plan.txt", name_general},
        {"..\\plan.csv", name_general}, {std::string(252, 'a') + ".pdf", name_general},
        // types
        {"plan.docx", name_type}, {"plan.xlsx", name_type}, {"plan.exe", name_type}, {"plan.zip", name_type},
        {"plan", name_type}, {"plan.pdf.exe", name_type}, {"plan.tiff", name_type}, {"plan.htm", name_type},
        {"UPPLAN_201912_" + tail + ".TXT.BAK", name_type}, {"UPPLAN_201912_" + tail, name_type}, {"UP1KYO_" + tail + ".CSV_", name_type},
        // no file kind of the standard
        {"plan.csv", name_prefix}, {"UPPLAN.csv", name_prefix}, {"DLTBET_" + tail + ".CSV", name_prefix},
        {"UPKHON_" + tail + ".CSV", name_prefix}, {"UP4KYO_" + tail + ".CSV", name_prefix}, {"XUP1KYO_" + tail + ".CSV", name_prefix},
        {"UP1KYO" + tail + ".CSV", name_prefix}, {"UP1KYO-0300000100-43-0300000005-11-20191025200201.CSV", name_prefix},
        {"DLT2KYO_" + tail + ".CSV", name_prefix}, {"DLT3KYO_" + tail + ".CSV", name_prefix}, {"DLTSIKYU_201912_" + tail + ".CSV", name_prefix},
        {"DLTHOSOKU_201912_" + tail + ".CSV", name_prefix}, {"ＵＰ１ＫＹＯ_" + tail + ".CSV", name_prefix}, {"_UP1KYO_" + tail + ".CSV", name_prefix},
        {"第6表.csv", name_prefix}, {"UPYOBOSUB_" + tail + ".CSV", name_prefix},
        // extensions of another kind
        {"UPKIHON_IMAGE_" + tail + "_0001.CSV", name_extension},
        // parts too many or too few
        {"UPPLAN_.CSV", name_parts}, {"UPPLAN_201912.CSV", name_parts}, {"UP1KYO__" + tail + ".CSV", name_parts},
        {"UP1KYO_" + tail + "_.CSV", name_parts}, {"UP1KYO_0300000100_43_0300000005_11.CSV", name_parts},
        {"UPKIHON_000000_" + tail + ".CSV", name_parts}, {"UPKIHON_000000_123456789_43_2468135790_11_20191110102233.CSV", name_parts},
        {"DLT1KYO_202304_" + tail + ".CSV", name_parts}, {"UP1KYO_201912_" + tail + ".CSV", name_parts}, {"UPPLAN_" + tail + ".CSV", name_parts},
        {"UPHOSOKU_" + tail + ".CSV", name_parts}, {"UP1KYO_0300000100_43_0300000005_20191025200201.CSV", name_parts},
        {"UP1KYO_0300000100_0300000005_11_20191025200201.CSV", name_parts}, {"UPKIHON_IMAGE_" + tail + ".JPG", name_parts},
        {"UPKIHON_IMAGE_" + tail + "_0001_0002.JPG", name_parts}, {"UPKIHON_SUB1_201912_" + tail + ".CSV", name_parts},
        {"UPYOBO_SUB_" + tail + "_0001.CSV", name_parts}, {"UPYOBO_SUB2_" + tail + ".CSV", name_parts}, {"UPKIHON_SUB3_" + tail + ".CSV", name_parts},
        {"UPJSK_201912_" + tail + "_0001.CSV", name_parts},
        // the versions 3.x have neither table 3 nor preventive care
        {"UP3KYO_" + old_tail + ".CSV", name_parts}, {"UPKIHON_" + old_tail + ".CSV", name_parts}, {"DLTKIHON_" + old_tail + ".CSV", name_parts},
        {"UPYOBO_" + old_tail + ".CSV", name_parts}, {"DLTYOBO_" + old_tail + ".CSV", name_parts}, {"UPYOBO_SUB_" + old_tail + ".CSV", name_parts},
        {"UPKIHON_SUB1_" + old_tail + ".CSV", name_parts}, {"UPKIHON_IMAGE_" + old_tail + "_0001.JPG", name_parts},
        // office numbers
        {"UP1KYO_123456789_43_2468135790_11_20191110102233.CSV", name_office}, {"UP1KYO_0A00000100_43_0300000005_11_20191025200201.CSV", name_office},
        {"UP1KYO_030A000100_43_030000000A_11_20191025200201.CSV", name_office}, {"UP1KYO_03000001000_43_0300000005_11_20191025200201.CSV", name_office},
        {"UP1KYO_0300000100_43_030000005_11_20191025200201.CSV", name_office}, {"UP1KYO__43_0300000005_11_20191025200201.CSV", name_office},
        {"UP1KYO_0300000100_43__11_20191025200201.CSV", name_office}, {"UPPLAN_201912_03O0000100_43_030000005X_11_20191025200201.CSV", name_office},
        {"UPPLAN_201912_0300000100_030000000_20191025200201.CSV", name_office}, {"UP1KYO_43_0300000100_11_0300000005_20191025200201.CSV", name_office},
        {"UP1KYO_KJ0000000001_43_0300000005_11_20191025200201.CSV", name_office}, {"UP1KYO_0300000100 _43_0300000005_11_20191025200201.CSV", name_office},
        // service-type codes
        {"UP1KYO_0300000100_4_0300000005_11_20191025200201.CSV", name_service_code}, {"UP1KYO_0300000100_430_0300000005_110_20191025200201.CSV", name_service_code},
        {"UP1KYO_0300000100_4-_0300000005_11_20191025200201.CSV", name_service_code}, {"UP1KYO_0300000100__0300000005_11_20191025200201.CSV", name_service_code},
        {"UP1KYO_0300000100_43_0300000005__20191025200201.CSV", name_service_code}, {"UP1KYO_0300000100_４３_0300000005_11_20191025200201.CSV", name_service_code},
        {"UPJSK_201912_0300000100_043_0300000005_011_20191025200201.CSV", name_service_code},
        // months
        {"UPPLAN_000000_" + tail + ".CSV", name_month}, {"UPJSK_000000_" + tail + ".CSV", name_month}, {"UPSIKYU_000000_" + tail + ".CSV", name_month},
        {"DLTPLAN_000000_" + tail + ".CSV", name_month}, {"DLTJSK_000000_" + tail + ".CSV", name_month}, {"UPPLAN_201913_" + tail + ".CSV", name_month},
        {"UPPLAN_201900_" + tail + ".CSV", name_month}, {"UPPLAN_000001_" + tail + ".CSV", name_month}, {"UPPLAN_20191_" + tail + ".CSV", name_month},
        {"UPPLAN_20191201_" + tail + ".CSV", name_month}, {"UPPLAN_2019AA_" + tail + ".CSV", name_month}, {"UPPLAN__" + tail + ".CSV", name_month},
        {"UPPLAN_201913_" + old_tail + ".CSV", name_month}, {"UPPLAN_000000_" + old_tail + ".CSV", name_month}, {"UPHOSOKU_00000_" + tail + ".CSV", name_month},
        {"UPHOSOKU_R0711_" + tail + ".CSV", name_month}, {"UPHOSOKU_111111_0300000100_43_0300000005_11_2019102520020.CSV", name_sequence},
        // sequence numbers that are no date and time
        {"UP1KYO_0300000100_43_0300000005_11_201911110102233.CSV", name_sequence}, {"UP1KYO_0300000100_43_0300000005_11_20190229200201.CSV", name_sequence},
        {"UP1KYO_0300000100_43_0300000005_11_20191301200201.CSV", name_sequence}, {"UP1KYO_0300000100_43_0300000005_11_20191131200201.CSV", name_sequence},
        {"UP1KYO_0300000100_43_0300000005_11_20190001200201.CSV", name_sequence}, {"UP1KYO_0300000100_43_0300000005_11_20191000200201.CSV", name_sequence},
        {"UP1KYO_0300000100_43_0300000005_11_20191025240000.CSV", name_sequence}, {"UP1KYO_0300000100_43_0300000005_11_20191025206001.CSV", name_sequence},
        {"UP1KYO_0300000100_43_0300000005_11_20191025200260.CSV", name_sequence}, {"UP1KYO_0300000100_43_0300000005_11_00001025200201.CSV", name_sequence},
        {"UP1KYO_0300000100_43_0300000005_11_2019102520020.CSV", name_sequence}, {"UP1KYO_0300000100_43_0300000005_11_2019102520020A.CSV", name_sequence},
        {"UP1KYO_" + tail + " (1).CSV", name_sequence}, {"UP1KYO_" + tail + ".CSV.CSV", name_sequence}, {"UP1KYO_" + tail + " - コピー.CSV", name_sequence},
        {"UPPLAN_201912_0300000100_0300000005_.CSV", name_sequence}, {"UP1KYO_0300000100_0300000005_20191025.CSV", name_sequence},
        // images
        {"UPKIHON_IMAGE_" + tail + "_0000.JPG", name_image_number}, {"UPKIHON_IMAGE_" + tail + "_001.JPG", name_image_number},
        {"UPKIHON_IMAGE_" + tail + "_00001.JPG", name_image_number}, {"UPKIHON_IMAGE_" + tail + "_000A.jpeg", name_image_number},
        {"UPKIHON_IMAGE_" + tail + "_.jpg", name_image_number}, {"UPKIHON_IMAGE.jpg", name_parts}, {"upkihon_image_family.jpeg", name_parts},
        // clang-format on
    };
}

} // namespace relay::test
