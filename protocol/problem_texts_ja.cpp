// What a problem says in Japanese. Read by staff of care offices: what happened, and what to do next.
#include "protocol/problem_texts.hpp"

namespace relay::protocol {

// clang-format off
ProblemText problem_text_ja(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::malformed_request:
        return {"要求の形式が正しくありません",
                "送信されたデータの形式に誤りがあります。errors の内容を確認してください。ソフトウェアを最新版にしても直らない場合は、提供元へ連絡してください。"};
    case ErrorCode::not_signed_in:
        return {"ログインしていません",
                "ログインしてから、もう一度操作してください。"};
    case ErrorCode::session_expired:
        return {"ログインの有効時間が切れました",
                "もう一度ログインしてから、操作をやり直してください。"};
    case ErrorCode::wrong_credentials:
        return {"ユーザIDまたはパスワードが正しくありません",
                "ユーザIDとパスワードを確認して、もう一度入力してください。続けて3回間違えると30分間ログインできなくなります。"};
    case ErrorCode::wrong_certificate:
        return {"電子証明書が正しくありません",
                "正しい電子証明書をインストールしてください。ログインするユーザIDと同じユーザIDの電子証明書が必要です。"};
    case ErrorCode::certificate_revoked:
        return {"電子証明書は失効しています",
                "この電子証明書は使えません。新しい電子証明書の発行を受けて、インストールしてください。"};
    case ErrorCode::agent_user_id:
        return {"代理人のユーザIDは使えません",
                "HDで始まるユーザIDではログインできません。事業所のユーザID（KJで始まるもの）を使ってください。"};
    case ErrorCode::password_expired:
        return {"パスワードの有効期限が切れています",
                "新しいパスワードに変更してから、ログインしてください。仮パスワードも変更が必要です。"};
    case ErrorCode::client_too_old:
        return {"ソフトウェアのバージョンが古くなっています",
                "ソフトウェアを minimum_version 以上のバージョンに更新してから、ログインしてください。"};
    case ErrorCode::licence_required:
        return {"有効な利用申請がありません",
                "データの送信と取得には、有効期間内の利用申請が必要です。利用申請の状況を確認してください。"};
    case ErrorCode::role_not_allowed:
        return {"この操作は許可されていません",
                "このユーザIDではこの操作はできません。操作に合ったユーザIDでログインしてください。"};
    case ErrorCode::not_found:
        return {"見つかりません",
                "指定されたものがないか、あなたの事業所のものではありません。番号を確認し、一覧を更新してください。"};
    case ErrorCode::method_not_allowed:
        return {"この方法では利用できません",
                "この宛先では使えない方法で要求されました。ソフトウェアの提供元へ連絡してください。"};
    case ErrorCode::timeout:
        return {"通信に時間がかかりすぎました",
                "データが時間内に届きませんでした。通信の状態を確認して、もう一度操作してください。"};
    case ErrorCode::bundle_id_reused:
        return {"この送信番号は使われています",
                "同じ番号で別の内容が送信されています。新しい送信として、もう一度送信してください。"};
    case ErrorCode::claimed_elsewhere:
        return {"別の端末がデータを取得しています",
                "同じ事業所の別の端末が claimed_at からこのデータを取得中です。その端末で確認してください。"};
    case ErrorCode::already_claimed:
        return {"受信側がデータを取得しています",
                "相手の事業所が取得を始めたため、取り消せません。誤って送信した場合は、相手の事業所へ連絡してください。"};
    case ErrorCode::already_fetched:
        return {"データは取得済みです",
                "データの取得は1回限りです。もう一度必要な場合は、送信元の事業所に再送を依頼してください。"};
    case ErrorCode::too_late_to_withdraw:
        return {"データは取得済みです",
                "相手の事業所が取得したため、取り消せません。誤って送信した場合は、相手の事業所へ連絡してください。"};
    case ErrorCode::receipt_conflict:
        return {"別の受領結果が登録されています",
                "このデータには異なる受領結果がすでに登録されています。一覧を更新して、状態を確認してください。"};
    case ErrorCode::not_sent_yet:
        return {"データの取得が終わっていません",
                "すべてのデータを受信してから、受領を登録してください。取得をもう一度行ってください。"};
    case ErrorCode::not_claimed:
        return {"取得の権利がありません",
                "このデータの取得が始まっていないか、取得の有効時間が切れました。一覧を更新して、取得をやり直してください。"};
    case ErrorCode::withdrawn:
        return {"送信が取り消されました",
                "送信元の事業所がこのデータを取り消したため、取得できません。必要な場合は、送信元へ連絡してください。"};
    case ErrorCode::expired:
        return {"保管期限が切れました",
                "期限までに取得されなかったため、データは削除されました。必要な場合は、もう一度送信してください。"};
    case ErrorCode::length_required:
        return {"データの長さが示されていません",
                "Content-Length のない要求は受け付けられません。ソフトウェアの提供元へ連絡してください。"};
    case ErrorCode::too_large:
        return {"データが大きすぎます",
                "送信できる大きさの上限を超えています。ファイルを減らすか小さくして、分けて送信してください。"};
    case ErrorCode::unsupported_media_type:
        return {"データの種類に対応していません",
                "要求の Content-Type または Content-Encoding に対応していません。ソフトウェアの提供元へ連絡してください。"};
    case ErrorCode::range_not_satisfiable:
        return {"指定された範囲のデータがありません",
                "指定された範囲はデータの長さを超えています。データの先頭から取得をやり直してください。"};
    case ErrorCode::invalid_manifest:
        return {"送信内容の記述に誤りがあります",
                "送信内容の記述（マニフェスト）が正しくありません。errors の内容を確認してください。ソフトウェアを最新版にしても直らない場合は、提供元へ連絡してください。"};
    case ErrorCode::bad_signature:
        return {"電子署名が正しくありません",
                "電子署名を確認できませんでした。電子証明書の状態を確認して、もう一度署名して送信してください。"};
    case ErrorCode::signer_not_registered:
        return {"署名した電子証明書が登録されていません",
                "正しい電子証明書をインストールしてください。このユーザIDに登録された有効な電子証明書で署名する必要があります。"};
    case ErrorCode::sender_mismatch:
        return {"送信元の事業所番号が一致しません",
                "送信元の事業所番号が、ログインした事業所のものではありません。事業所番号を確認してください。"};
    case ErrorCode::unknown_recipient:
        return {"送信先の事業所が見つかりません",
                "送信先の事業所番号を確認してください。相手の事業所がこのサービスを利用していない可能性があります。"};
    case ErrorCode::sent_to_self:
        return {"自分の事業所へは送信できません",
                "送信元と送信先の事業所番号が同じです。送信先を確認してください。"};
    case ErrorCode::recipient_not_accepting:
        return {"送信先の事業所は現在受信できません",
                "相手の事業所に有効な利用申請または電子証明書がありません。相手の事業所へ確認してください。"};
    case ErrorCode::bad_file_name:
        return {"添付ファイル名の形式に誤りがあります",
                "添付ファイル名の形式に誤りがあります。標準仕様の送信単位に従ったファイルを添付してください。"};
    case ErrorCode::bad_file_combination:
        return {"ファイルの組み合わせが正しくありません",
                "ファイルの組み合わせが正しくありません。CSVファイルの組み合わせを確認してください。"};
    case ErrorCode::file_type_not_allowed:
        return {"送信できない種類のファイルがあります",
                "送信できるのは csv、pdf、jpeg、jpg、png、gif、txt のファイルです。WordやExcelのファイルはPDFにして添付してください。"};
    case ErrorCode::not_encrypted_for_recipient:
        return {"送信先の事業所向けに暗号化されていません",
                "送信先の有効な電子証明書で暗号化されていません。送信先の電子証明書を取得し直して、もう一度送信してください。"};
    case ErrorCode::chunk_digest_mismatch:
        return {"データが途中で壊れています",
                "届いたデータが送信内容の記述と一致しません。通信の状態を確認して、もう一度送信してください。"};
    case ErrorCode::clock_skew:
        return {"パソコンの時計がずれています",
                "作成日時がサーバの時刻と24時間以上ずれています。パソコンの日付と時刻を合わせて、もう一度送信してください。"};
    case ErrorCode::bad_receipt:
        return {"受領の内容に誤りがあります",
                "受領の内容が正しくありません。errors の内容を確認してください。ソフトウェアを最新版にしても直らない場合は、提供元へ連絡してください。"};
    case ErrorCode::bad_password:
        return {"このパスワードは使えません",
                "8文字以上64文字以内で、英字と数字をそれぞれ1文字以上使い、過去3回と異なるパスワードにしてください。"};
    case ErrorCode::locked_out:
        return {"ログインが一時的に停止されています",
                "パスワードを続けて間違えたため、しばらくログインできません。30分ほど待ってから、もう一度ログインしてください。"};
    case ErrorCode::too_many_requests:
        return {"要求が多すぎます",
                "短い時間に要求が集中しています。しばらく待ってから、もう一度操作してください。"};
    case ErrorCode::quota_exceeded:
        return {"送信途中のデータが多すぎます",
                "送信途中の大きなデータが事業所ごとの上限に達しました。送信を終えるか取り消してから、もう一度送信してください。"};
    case ErrorCode::headers_too_large:
        return {"要求のヘッダが大きすぎます",
                "要求のヘッダが16キロバイトを超えています。ソフトウェアの提供元へ連絡してください。"};
    case ErrorCode::internal:
        return {"サーバで問題が起きました",
                "処理が終わったか分からない場合があります。一覧で状態を確認してから、もう一度操作してください。繰り返す場合は、instance の番号を添えて窓口へ連絡してください。"};
    case ErrorCode::unavailable:
        return {"ただいま利用できません",
                "何も保存されていません。しばらく待ってから、もう一度操作してください。"};
    }
    return problem_text_ja(ErrorCode::internal);
}
// clang-format on

} // namespace relay::protocol
