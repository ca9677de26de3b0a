/** CLDR 48.2.0, as generate.ts has written it. © Unicode, Inc.; https://www.unicode.org/license.txt */

export const countries: readonly (readonly [string, string])[] = [
  ['BU', 'MM'],
  ['CT', 'KI'],
  ['DD', 'DE'],
  ['DY', 'BJ'],
  ['FX', 'FR'],
  ['HV', 'BF'],
  ['JT', 'UM'],
  ['MI', 'UM'],
  ['NH', 'VU'],
  ['NQ', 'AQ'],
  ['PU', 'UM'],
  ['PZ', 'PA'],
  ['QU', 'EU'],
  ['RH', 'ZW'],
  ['TP', 'TL'],
  ['UK', 'GB'],
  ['VD', 'VN'],
  ['WK', 'UM'],
  ['YD', 'YE'],
  ['ZR', 'CD'],
];

export const sameLanguages: readonly (readonly [string, string])[] = [['nb', 'no']];

export const languageParents: readonly (readonly [string, string])[] = [
  ['en-150', 'en-001'],
  ['en-AG', 'en-001'],
  ['en-AI', 'en-001'],
  ['en-AU', 'en-001'],
  ['en-BB', 'en-001'],
  ['en-BM', 'en-001'],
  ['en-BS', 'en-001'],
  ['en-BW', 'en-001'],
  ['en-BZ', 'en-001'],
  ['en-CC', 'en-001'],
  ['en-CK', 'en-001'],
  ['en-CM', 'en-001'],
  ['en-CX', 'en-001'],
  ['en-CY', 'en-001'],
  ['en-DG', 'en-001'],
  ['en-DM', 'en-001'],
  ['en-ER', 'en-001'],
  ['en-FJ', 'en-001'],
  ['en-FK', 'en-001'],
  ['en-FM', 'en-001'],
  ['en-GB', 'en-001'],
  ['en-GD', 'en-001'],
  ['en-GG', 'en-001'],
  ['en-GH', 'en-001'],
  ['en-GI', 'en-001'],
  ['en-GM', 'en-001'],
  ['en-GS', 'en-001'],
  ['en-GY', 'en-001'],
  ['en-HK', 'en-001'],
  ['en-ID', 'en-001'],
  ['en-IE', 'en-001'],
  ['en-IL', 'en-001'],
  ['en-IM', 'en-001'],
  ['en-IN', 'en-001'],
  ['en-IO', 'en-001'],
  ['en-JE', 'en-001'],
  ['en-JM', 'en-001'],
  ['en-KE', 'en-001'],
  ['en-KI', 'en-001'],
  ['en-KN', 'en-001'],
  ['en-KY', 'en-001'],
  ['en-LC', 'en-001'],
  ['en-LR', 'en-001'],
  ['en-LS', 'en-001'],
  ['en-MG', 'en-001'],
  ['en-MO', 'en-001'],
  ['en-MS', 'en-001'],
  ['en-MT', 'en-001'],
  ['en-MU', 'en-001'],
  ['en-MV', 'en-001'],
  ['en-MW', 'en-001'],
  ['en-MY', 'en-001'],
  ['en-NA', 'en-001'],
  ['en-NF', 'en-001'],
  ['en-NG', 'en-001'],
  ['en-NR', 'en-001'],
  ['en-NU', 'en-001'],
  ['en-NZ', 'en-001'],
  ['en-PG', 'en-001'],
  ['en-PK', 'en-001'],
  ['en-PN', 'en-001'],
  ['en-PW', 'en-001'],
  ['en-RW', 'en-001'],
  ['en-SB', 'en-001'],
  ['en-SC', 'en-001'],
  ['en-SD', 'en-001'],
  ['en-SG', 'en-001'],
  ['en-SH', 'en-001'],
  ['en-SL', 'en-001'],
  ['en-SS', 'en-001'],
  ['en-SX', 'en-001'],
  ['en-SZ', 'en-001'],
  ['en-TC', 'en-001'],
  ['en-TK', 'en-001'],
  ['en-TO', 'en-001'],
  ['en-TT', 'en-001'],
  ['en-TV', 'en-001'],
  ['en-TZ', 'en-001'],
  ['en-UG', 'en-001'],
  ['en-VC', 'en-001'],
  ['en-VG', 'en-001'],
  ['en-VU', 'en-001'],
  ['en-WS', 'en-001'],
  ['en-ZA', 'en-001'],
  ['en-ZM', 'en-001'],
  ['en-ZW', 'en-001'],
  ['en-AT', 'en-150'],
  ['en-BE', 'en-150'],
  ['en-CH', 'en-150'],
  ['en-CZ', 'en-150'],
  ['en-DE', 'en-150'],
  ['en-DK', 'en-150'],
  ['en-EE', 'en-150'],
  ['en-ES', 'en-150'],
  ['en-FI', 'en-150'],
  ['en-FR', 'en-150'],
  ['en-GE', 'en-150'],
  ['en-HU', 'en-150'],
  ['en-IT', 'en-150'],
  ['en-LT', 'en-150'],
  ['en-LV', 'en-150'],
  ['en-NL', 'en-150'],
  ['en-NO', 'en-150'],
  ['en-PL', 'en-150'],
  ['en-PT', 'en-150'],
  ['en-RO', 'en-150'],
  ['en-SE', 'en-150'],
  ['en-SI', 'en-150'],
  ['en-SK', 'en-150'],
  ['en-UA', 'en-150'],
  ['hi-Latn', 'en-IN'],
  ['es-AR', 'es-419'],
  ['es-BO', 'es-419'],
  ['es-BR', 'es-419'],
  ['es-BZ', 'es-419'],
  ['es-CL', 'es-419'],
  ['es-CO', 'es-419'],
  ['es-CR', 'es-419'],
  ['es-CU', 'es-419'],
  ['es-DO', 'es-419'],
  ['es-EC', 'es-419'],
  ['es-GT', 'es-419'],
  ['es-HN', 'es-419'],
  ['es-JP', 'es-419'],
  ['es-MX', 'es-419'],
  ['es-NI', 'es-419'],
  ['es-PA', 'es-419'],
  ['es-PE', 'es-419'],
  ['es-PR', 'es-419'],
  ['es-PY', 'es-419'],
  ['es-SV', 'es-419'],
  ['es-US', 'es-419'],
  ['es-UY', 'es-419'],
  ['es-VE', 'es-419'],
  ['ht', 'fr-HT'],
  ['nb', 'no'],
  ['nn', 'no'],
  ['no-NO', 'no'],
  ['pt-AO', 'pt-PT'],
  ['pt-CH', 'pt-PT'],
  ['pt-CV', 'pt-PT'],
  ['pt-FR', 'pt-PT'],
  ['pt-GQ', 'pt-PT'],
  ['pt-GW', 'pt-PT'],
  ['pt-LU', 'pt-PT'],
  ['pt-MO', 'pt-PT'],
  ['pt-MZ', 'pt-PT'],
  ['pt-ST', 'pt-PT'],
  ['pt-TL', 'pt-PT'],
  ['zh-MO', 'zh-HK'],
];

export const zones = `
Africa/Abidjan
Africa/Accra
Africa/Addis_Ababa
Africa/Algiers
Africa/Asmara Africa/Asmera
Africa/Bamako Africa/Timbuktu
Africa/Bangui
Africa/Banjul
Africa/Bissau
Africa/Blantyre
Africa/Brazzaville
Africa/Bujumbura
Africa/Cairo Egypt
Africa/Casablanca
Africa/Ceuta
Africa/Conakry
Africa/Dakar
Africa/Dar_es_Salaam
Africa/Djibouti
Africa/Douala
Africa/El_Aaiun
Africa/Freetown
Africa/Gaborone
Africa/Harare
Africa/Johannesburg
Africa/Juba
Africa/Kampala
Africa/Khartoum
Africa/Kigali
Africa/Kinshasa
Africa/Lagos
Africa/Libreville
Africa/Lome
Africa/Luanda
Africa/Lubumbashi
Africa/Lusaka
Africa/Malabo
Africa/Maputo
Africa/Maseru
Africa/Mbabane
Africa/Mogadishu
Africa/Monrovia
Africa/Nairobi
Africa/Ndjamena
Africa/Niamey
Africa/Nouakchott
Africa/Ouagadougou
Africa/Porto-Novo
Africa/Sao_Tome
Africa/Tripoli Libya
Africa/Tunis
Africa/Windhoek
America/Adak America/Atka US/Aleutian
America/Anchorage US/Alaska
America/Anguilla
America/Antigua
America/Araguaina
America/Argentina/Buenos_Aires America/Buenos_Aires
America/Argentina/Catamarca America/Catamarca America/Argentina/ComodRivadavia
America/Argentina/Cordoba America/Cordoba America/Rosario
America/Argentina/Jujuy America/Jujuy
America/Argentina/La_Rioja
America/Argentina/Mendoza America/Mendoza
America/Argentina/Rio_Gallegos
America/Argentina/Salta
America/Argentina/San_Juan
America/Argentina/San_Luis
America/Argentina/Tucuman
America/Argentina/Ushuaia
America/Aruba
America/Asuncion
America/Atikokan America/Coral_Harbour
America/Bahia
America/Bahia_Banderas
America/Barbados
America/Belem
America/Belize
America/Blanc-Sablon
America/Boa_Vista
America/Bogota
America/Boise
America/Cambridge_Bay
America/Campo_Grande
America/Cancun
America/Caracas
America/Cayenne
America/Cayman
America/Chicago US/Central CST6CDT
America/Chihuahua
America/Ciudad_Juarez
America/Costa_Rica
America/Coyhaique
America/Creston
America/Cuiaba
America/Curacao
America/Danmarkshavn
America/Dawson
America/Dawson_Creek
America/Denver America/Shiprock Navajo US/Mountain MST7MDT
America/Detroit US/Michigan
America/Dominica
America/Edmonton Canada/Mountain America/Yellowknife
America/Eirunepe
America/El_Salvador
America/Fort_Nelson
America/Fortaleza
America/Glace_Bay
America/Goose_Bay
America/Grand_Turk
America/Grenada
America/Guadeloupe
America/Guatemala
America/Guayaquil
America/Guyana
America/Halifax Canada/Atlantic
America/Havana Cuba
America/Hermosillo
America/Indiana/Indianapolis America/Indianapolis America/Fort_Wayne US/East-Indiana
America/Indiana/Knox America/Knox_IN US/Indiana-Starke
America/Indiana/Marengo
America/Indiana/Petersburg
America/Indiana/Tell_City
America/Indiana/Vevay
America/Indiana/Vincennes
America/Indiana/Winamac
America/Inuvik
America/Iqaluit America/Pangnirtung
America/Jamaica Jamaica
America/Juneau
America/Kentucky/Louisville America/Louisville
America/Kentucky/Monticello
America/Kralendijk
America/La_Paz
America/Lima
America/Los_Angeles US/Pacific US/Pacific-New PST8PDT
America/Lower_Princes
America/Maceio
America/Managua
America/Manaus Brazil/West
America/Marigot
America/Martinique
America/Matamoros
America/Mazatlan Mexico/BajaSur
America/Menominee
America/Merida
America/Metlakatla
America/Mexico_City Mexico/General
America/Miquelon
America/Moncton
America/Monterrey
America/Montevideo
America/Montserrat
America/Nassau
America/New_York US/Eastern EST5EDT
America/Nome
America/Noronha Brazil/DeNoronha
America/North_Dakota/Beulah
America/North_Dakota/Center
America/North_Dakota/New_Salem
America/Nuuk America/Godthab
America/Ojinaga
America/Panama EST
America/Paramaribo
America/Phoenix US/Arizona MST
America/Port-au-Prince
America/Port_of_Spain
America/Porto_Velho
America/Puerto_Rico
America/Punta_Arenas
America/Rankin_Inlet
America/Recife
America/Regina Canada/East-Saskatchewan Canada/Saskatchewan
America/Resolute
America/Rio_Branco America/Porto_Acre Brazil/Acre
America/Santarem
America/Santiago Chile/Continental
America/Santo_Domingo
America/Sao_Paulo Brazil/East
America/Scoresbysund
America/Sitka
America/St_Barthelemy
America/St_Johns Canada/Newfoundland
America/St_Kitts
America/St_Lucia
America/St_Thomas America/Virgin
America/St_Vincent
America/Swift_Current
America/Tegucigalpa
America/Thule
America/Tijuana America/Ensenada Mexico/BajaNorte America/Santa_Isabel
America/Toronto America/Montreal Canada/Eastern America/Nipigon America/Thunder_Bay
America/Tortola
America/Vancouver Canada/Pacific
America/Whitehorse Canada/Yukon
America/Winnipeg Canada/Central America/Rainy_River
America/Yakutat
Antarctica/Casey
Antarctica/Davis
Antarctica/DumontDUrville
Antarctica/Macquarie
Antarctica/Mawson
Antarctica/McMurdo Antarctica/South_Pole
Antarctica/Palmer
Antarctica/Rothera
Antarctica/Syowa
Antarctica/Troll
Antarctica/Vostok
Arctic/Longyearbyen Atlantic/Jan_Mayen
Asia/Aden
Asia/Almaty
Asia/Amman
Asia/Anadyr
Asia/Aqtau
Asia/Aqtobe
Asia/Ashgabat Asia/Ashkhabad
Asia/Atyrau
Asia/Baghdad
Asia/Bahrain
Asia/Baku
Asia/Bangkok
Asia/Barnaul
Asia/Beirut
Asia/Bishkek
Asia/Brunei
Asia/Chita
Asia/Colombo
Asia/Damascus
Asia/Dhaka Asia/Dacca
Asia/Dili
Asia/Dubai
Asia/Dushanbe
Asia/Famagusta
Asia/Gaza
Asia/Hebron
Asia/Ho_Chi_Minh Asia/Saigon
Asia/Hong_Kong Hongkong
Asia/Hovd
Asia/Irkutsk
Asia/Jakarta
Asia/Jayapura
Asia/Jerusalem Asia/Tel_Aviv Israel
Asia/Kabul
Asia/Kamchatka
Asia/Karachi
Asia/Kathmandu Asia/Katmandu
Asia/Khandyga
Asia/Kolkata Asia/Calcutta
Asia/Krasnoyarsk
Asia/Kuala_Lumpur
Asia/Kuching
Asia/Kuwait
Asia/Macau Asia/Macao
Asia/Magadan
Asia/Makassar Asia/Ujung_Pandang
Asia/Manila
Asia/Muscat
Asia/Nicosia Europe/Nicosia
Asia/Novokuznetsk
Asia/Novosibirsk
Asia/Omsk
Asia/Oral
Asia/Phnom_Penh
Asia/Pontianak
Asia/Pyongyang
Asia/Qatar
Asia/Qostanay
Asia/Qyzylorda
Asia/Riyadh
Asia/Sakhalin
Asia/Samarkand
Asia/Seoul ROK
Asia/Shanghai Asia/Chongqing Asia/Chungking Asia/Harbin PRC
Asia/Singapore Singapore
Asia/Srednekolymsk
Asia/Taipei ROC
Asia/Tashkent
Asia/Tbilisi
Asia/Tehran Iran
Asia/Thimphu Asia/Thimbu
Asia/Tokyo Japan
Asia/Tomsk
Asia/Ulaanbaatar Asia/Ulan_Bator Asia/Choibalsan
Asia/Urumqi Asia/Kashgar
Asia/Ust-Nera
Asia/Vientiane
Asia/Vladivostok
Asia/Yakutsk
Asia/Yangon Asia/Rangoon
Asia/Yekaterinburg
Asia/Yerevan
Atlantic/Azores
Atlantic/Bermuda
Atlantic/Canary
Atlantic/Cape_Verde
Atlantic/Faroe Atlantic/Faeroe
Atlantic/Madeira
Atlantic/Reykjavik Iceland
Atlantic/South_Georgia
Atlantic/St_Helena
Atlantic/Stanley
Australia/Adelaide Australia/South
Australia/Brisbane Australia/Queensland
Australia/Broken_Hill Australia/Yancowinna
Australia/Darwin Australia/North
Australia/Eucla
Australia/Hobart Australia/Tasmania Australia/Currie
Australia/Lindeman
Australia/Lord_Howe Australia/LHI
Australia/Melbourne Australia/Victoria
Australia/Perth Australia/West
Australia/Sydney Australia/ACT Australia/Canberra Australia/NSW
Etc/GMT Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich GMT GMT+0 GMT-0 GMT0 Greenwich
Etc/GMT+1
Etc/GMT+10
Etc/GMT+11
Etc/GMT+12
Etc/GMT+2
Etc/GMT+3
Etc/GMT+4
Etc/GMT+5
Etc/GMT+6
Etc/GMT+7
Etc/GMT+8
Etc/GMT+9
Etc/GMT-1
Etc/GMT-10
Etc/GMT-11
Etc/GMT-12
Etc/GMT-13
Etc/GMT-14
Etc/GMT-2
Etc/GMT-3
Etc/GMT-4
Etc/GMT-5
Etc/GMT-6
Etc/GMT-7
Etc/GMT-8
Etc/GMT-9
Etc/UTC Etc/UCT Etc/Universal Etc/Zulu UCT UTC Universal Zulu
Europe/Amsterdam
Europe/Andorra
Europe/Astrakhan
Europe/Athens EET
Europe/Belgrade
Europe/Berlin
Europe/Bratislava
Europe/Brussels CET MET
Europe/Bucharest
Europe/Budapest
Europe/Busingen
Europe/Chisinau Europe/Tiraspol
Europe/Copenhagen
Europe/Dublin Eire
Europe/Gibraltar
Europe/Guernsey
Europe/Helsinki
Europe/Isle_of_Man
Europe/Istanbul Asia/Istanbul Turkey
Europe/Jersey
Europe/Kaliningrad
Europe/Kirov
Europe/Kyiv Europe/Kiev Europe/Zaporozhye Europe/Uzhgorod
Europe/Lisbon Portugal WET
Europe/Ljubljana
Europe/London Europe/Belfast GB GB-Eire
Europe/Luxembourg
Europe/Madrid
Europe/Malta
Europe/Mariehamn
Europe/Minsk
Europe/Monaco
Europe/Moscow W-SU
Europe/Oslo
Europe/Paris
Europe/Podgorica
Europe/Prague
Europe/Riga
Europe/Rome
Europe/Samara
Europe/San_Marino
Europe/Sarajevo
Europe/Saratov
Europe/Simferopol
Europe/Skopje
Europe/Sofia
Europe/Stockholm
Europe/Tallinn
Europe/Tirane
Europe/Ulyanovsk
Europe/Vaduz
Europe/Vatican
Europe/Vienna
Europe/Vilnius
Europe/Volgograd
Europe/Warsaw Poland
Europe/Zagreb
Europe/Zurich
Indian/Antananarivo
Indian/Chagos
Indian/Christmas
Indian/Cocos
Indian/Comoro
Indian/Kerguelen
Indian/Mahe
Indian/Maldives
Indian/Mauritius
Indian/Mayotte
Indian/Reunion
Pacific/Apia
Pacific/Auckland NZ
Pacific/Bougainville
Pacific/Chatham NZ-CHAT
Pacific/Chuuk Pacific/Truk Pacific/Yap
Pacific/Easter Chile/EasterIsland
Pacific/Efate
Pacific/Fakaofo
Pacific/Fiji
Pacific/Funafuti
Pacific/Galapagos
Pacific/Gambier
Pacific/Guadalcanal
Pacific/Guam
Pacific/Honolulu US/Hawaii Pacific/Johnston HST
Pacific/Kanton Pacific/Enderbury
Pacific/Kiritimati
Pacific/Kosrae
Pacific/Kwajalein Kwajalein
Pacific/Majuro
Pacific/Marquesas
Pacific/Midway
Pacific/Nauru
Pacific/Niue
Pacific/Norfolk
Pacific/Noumea
Pacific/Pago_Pago Pacific/Samoa US/Samoa
Pacific/Palau
Pacific/Pitcairn
Pacific/Pohnpei Pacific/Ponape
Pacific/Port_Moresby
Pacific/Rarotonga
Pacific/Saipan
Pacific/Tahiti
Pacific/Tarawa
Pacific/Tongatapu
Pacific/Wake
Pacific/Wallis
`;
