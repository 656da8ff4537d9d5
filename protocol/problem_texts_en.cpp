// What a problem says in English. Read by staff of care offices: what happened, and what to do next.
#include "protocol/problem_texts.hpp"

namespace relay::protocol {

// clang-format off
ProblemText problem_text_en(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::malformed_request:
        return {"The request is not well formed",
                "Something in the request is not of its form; see errors. If the newest version of your software does the same, tell its vendor."};
    case ErrorCode::not_signed_in:
        return {"You are not signed in",
                "Sign in, then try again."};
    case ErrorCode::session_expired:
        return {"Your session has ended",
                "Sign in again, then repeat what you did."};
    case ErrorCode::wrong_credentials:
        return {"The user ID or the password is wrong",
                "Check both and enter them again. After three wrong passwords in a row you cannot sign in for 30 minutes."};
    case ErrorCode::wrong_certificate:
        return {"This is not the right certificate",
                "Install the right certificate: it must be the one of the user ID that signs in, and be registered with this service."};
    case ErrorCode::certificate_revoked:
        return {"This certificate has been revoked",
                "It cannot be used any more. Get a new certificate and install it."};
    case ErrorCode::agent_user_id:
        return {"A billing agent's user ID cannot be used",
                "User IDs that start with HD cannot sign in. Use the office's user ID, which starts with KJ."};
    case ErrorCode::password_expired:
        return {"Your password has expired",
                "Change the password, then sign in. A temporary password has to be changed too."};
    case ErrorCode::client_too_old:
        return {"Your software is too old",
                "Update it to minimum_version or later, then sign in."};
    case ErrorCode::licence_required:
        return {"There is no valid licence",
                "Sending and downloading need a valid licence of your office. Check the state of its application."};
    case ErrorCode::role_not_allowed:
        return {"You are not allowed to do this",
                "This user ID may not do that. Sign in with a user ID that may."};
    case ErrorCode::not_found:
        return {"Not found",
                "There is no such thing, or it is not your office's. Check the number and refresh the list."};
    case ErrorCode::method_not_allowed:
        return {"This method is not allowed here",
                "The request used a method that this address does not know. Tell the vendor of your software."};
    case ErrorCode::timeout:
        return {"The request took too long",
                "It did not arrive in time. Check your network connection and try again."};
    case ErrorCode::bundle_id_reused:
        return {"This bundle ID is in use",
                "Something else was sent under the same ID. Send again as a new bundle."};
    case ErrorCode::claimed_elsewhere:
        return {"Another terminal is downloading this",
                "Another terminal of your office has been downloading it since claimed_at. Look there."};
    case ErrorCode::already_claimed:
        return {"The recipient is downloading this",
                "It can no longer be withdrawn. If it was sent by mistake, call the recipient."};
    case ErrorCode::already_fetched:
        return {"This has been downloaded already",
                "It can be downloaded only once. If you need it again, ask the sender to send it again."};
    case ErrorCode::too_late_to_withdraw:
        return {"This has been downloaded already",
                "The recipient has it, so it can no longer be withdrawn. If it was sent by mistake, call the recipient."};
    case ErrorCode::receipt_conflict:
        return {"Another receipt has been taken",
                "A receipt with a different outcome stands for this bundle. Refresh the list and look at its state."};
    case ErrorCode::not_sent_yet:
        return {"Not everything has been sent yet",
                "Download all of it before you confirm that it is stored. Repeat the download."};
    case ErrorCode::not_claimed:
        return {"You do not hold the claim",
                "The download was not started, or its time has run out. Refresh the list and start the download again."};
    case ErrorCode::withdrawn:
        return {"This was withdrawn",
                "The sender has withdrawn it, so it cannot be downloaded. If you need it, call the sender."};
    case ErrorCode::expired:
        return {"This has expired",
                "It was not downloaded in time and has been deleted. If it is still needed, it has to be sent again."};
    case ErrorCode::length_required:
        return {"The length is missing",
                "Requests need a Content-Length and no Transfer-Encoding. Tell the vendor of your software."};
    case ErrorCode::too_large:
        return {"This is too large",
                "It is above what can be sent. Send fewer or smaller files, or several bundles."};
    case ErrorCode::unsupported_media_type:
        return {"This kind of content is not taken",
                "The Content-Type or Content-Encoding of the request is not taken. Tell the vendor of your software."};
    case ErrorCode::range_not_satisfiable:
        return {"There is no such range",
                "The range lies beyond the data's end. Read the data from its start."};
    case ErrorCode::invalid_manifest:
        return {"The manifest is not valid",
                "See errors for what is wrong with the manifest. If the newest version of your software does the same, tell its vendor."};
    case ErrorCode::bad_signature:
        return {"The signature is not good",
                "It could not be verified. Check your certificate, then sign and send again."};
    case ErrorCode::signer_not_registered:
        return {"The signer's certificate is not registered",
                "Install the right certificate: the signature must be made with a valid one that is registered for your user ID."};
    case ErrorCode::sender_mismatch:
        return {"The sender is not your office",
                "The sender's office number is not the one of the office that signed in. Check the number."};
    case ErrorCode::unknown_recipient:
        return {"The recipient is not known",
                "Check the recipient's office number. That office may not use this service."};
    case ErrorCode::sent_to_self:
        return {"You cannot send to your own office",
                "Sender and recipient are the same office. Check the recipient."};
    case ErrorCode::recipient_not_accepting:
        return {"The recipient cannot receive now",
                "That office has no valid licence or no valid certificate. Ask the office."};
    case ErrorCode::bad_file_name:
        return {"A file name is not of its form",
                "Attach files that are named as the national standard asks for the unit being sent."};
    case ErrorCode::bad_file_combination:
        return {"These files do not go together",
                "Check which CSV files the standard lets you send together, and that all belong to the same offices and month."};
    case ErrorCode::file_type_not_allowed:
        return {"This type of file cannot be sent",
                "Files of the types csv, pdf, jpeg, jpg, png, gif and txt can be sent. Save Word and Excel files as PDF first."};
    case ErrorCode::not_encrypted_for_recipient:
        return {"This is not encrypted for the recipient",
                "It has to be encrypted with AES-GCM for valid certificates of the recipient alone. Fetch those again and send again."};
    case ErrorCode::chunk_digest_mismatch:
        return {"The data does not match its digest",
                "What arrived is not what the manifest says. Check your network connection and send it again."};
    case ErrorCode::clock_skew:
        return {"The clock of your computer is wrong",
                "The time of creation is more than 24 hours off. Set your computer's date and time, then send again."};
    case ErrorCode::bad_receipt:
        return {"The receipt is not valid",
                "See errors for what is wrong with the receipt. If the newest version of your software does the same, tell its vendor."};
    case ErrorCode::bad_password:
        return {"This password cannot be used",
                "Choose 8 to 64 characters with at least one letter and one digit, unlike your last three passwords."};
    case ErrorCode::locked_out:
        return {"Signing in is locked for now",
                "The password was wrong too often. Wait about 30 minutes, then sign in again."};
    case ErrorCode::too_many_requests:
        return {"Too many requests",
                "There were too many requests in a short time. Wait a little and try again."};
    case ErrorCode::quota_exceeded:
        return {"Too many unfinished uploads",
                "Your office has begun more large uploads than may be open at once. Finish or withdraw some, then send again."};
    case ErrorCode::headers_too_large:
        return {"The request's headers are too large",
                "They are more than 16 KiB in all. Tell the vendor of your software."};
    case ErrorCode::internal:
        return {"Something went wrong on the server",
                "Look at the list to see whether it was done, then try again. If this goes on, tell the help desk the number in instance."};
    case ErrorCode::unavailable:
        return {"The service is not available now",
                "Nothing was kept. Wait a little and try again."};
    }
    return problem_text_en(ErrorCode::internal);
}
// clang-format on

} // namespace relay::protocol
