# Comments, line continuations, semicolons and empty commands.
echo a # comment
echo a#b '#' "#c" \# d
echo long \
    line   \
    ends
if true; then :; fi; { :; }; (:)
true && # comment after an operator
    echo and
false ||
    echo or
echo one |
    # comment in a pipeline
    cat
x=a\
b; echo $x
!  false && echo "not false"
! true; echo "status $?"
: "${unset_before:=by colon}"; echo "$unset_before"
echo $(# a comment in a substitution
    echo inside
)
if :
then # here
    echo then
else
    echo else
fi # end
